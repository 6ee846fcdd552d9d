"""The history of a leaderboard's production: every decision with its evidence, and what has served, to serve it again.

A record (`PROMOTION#id`) is written in the transaction that changes production. A target that begins to serve lies
beside the record that brought it (`SERVED#id`), with everything a call needs; it is read to serve it again and shown to
nobody. What serves now names the record that brought it, so records are a chain of who served before whom.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec

from gero.kit import Conflict, NotFound, clock, conditions, new_id, table
from gero.kit.table import Item, Write
from gero.leaderboards.leaderboard import Leaderboard
from gero.providers import target
from gero.providers.target import Target
from gero.ranking import Evidence

Action = Literal["promote", "hold", "first", "keep", "pin", "unpin", "rollback"]
NOBODY = "a person"  # who changed something without saying who


class Promotion(msgspec.Struct, frozen=True, omit_defaults=True):
    """A decision on production: `model_id` serves since, `previous_id` served before. Times are ISO texts."""

    id: str
    at: str
    action: Action
    policy: str
    reason: str
    by: str | None = None
    """The token of the person who decided; None when a run did."""
    run_id: str | None = None
    """The run that decided, or whose plan says how the model is called."""
    model_id: str | None = None
    name: str | None = None
    previous_id: str | None = None
    previous_name: str | None = None
    evidence: Evidence | None = None
    rows_needed: int | None = None
    served_id: str | None = None
    """The record that brought what serves after this one; its own id when it brought it itself."""
    previous_served_id: str | None = None

    @property
    def changed(self) -> bool:
        """Whether another model serves since."""
        return self.model_id != self.previous_id


class Serving(NamedTuple):
    """What inference calls now."""

    target: Target | None
    served_id: str | None
    """The record that brought it; None for what serves from before there was a history."""
    held: bool
    """Whether it was rolled back to, so that runs leave it as it is until a person selects again."""


class Change(msgspec.Struct, frozen=True):
    """A decision to record. `target` serves from now on, `None` leaves what serves as it is.

    `brought_by`: of a target that has served before, the record that brought it.
    """

    action: Action
    reason: str
    target: Target | None = None
    by: str | None = None
    run_id: str | None = None
    evidence: Evidence | None = None
    rows_needed: int | None = None
    held: bool = False
    brought_by: str | None = None


def serving(leaderboard: Leaderboard) -> Serving:
    """What inference calls, as it is at the moment."""
    found = table.get(*target.key(leaderboard.workspace_id, leaderboard.id), consistent=True) or {}
    served = msgspec.json.decode(found["doc"], type=Target) if "doc" in found else None
    return Serving(served, found.get("served_id"), found.get("held", False))


def writes(leaderboard: Leaderboard, change: Change, before: Serving) -> tuple[Promotion, list[Write]]:
    """The record of a change and the writes that make it, beside those of the leaderboard itself: only together with
    them, whose condition on its version holds off whoever changes production at the same time.
    """
    earlier = _earlier(leaderboard, before)
    before_id = before.served_id or (earlier[0].id if earlier else None)
    record_id = new_id()
    new = change.target not in (None, before.target)
    served_id = (change.brought_by or record_id) if new else before_id
    after = change.target or before.target
    record = Promotion(
        id=record_id,
        at=clock.iso(),
        action=change.action,
        policy=leaderboard.promotion_policy,
        reason=change.reason,
        by=change.by,
        run_id=change.run_id,
        model_id=after.candidate_id if after else None,
        name=after.name if after else None,
        previous_id=before.target.candidate_id if before.target else None,
        previous_name=before.target.name if before.target else None,
        evidence=change.evidence,
        rows_needed=change.rows_needed,
        served_id=served_id,
        previous_served_id=before_id if new else None,
    )
    found = [*(earlier[1] if earlier else []), _put(leaderboard, f"PROMOTION#{record.id}", record)]
    if new and not change.brought_by:
        found.append(_put(leaderboard, f"SERVED#{record.id}", change.target))
    if change.target:
        item = target.item(target.key(leaderboard.workspace_id, leaderboard.id), change.target)
        found.append(Write(item | {"served_id": served_id, "held": change.held}))
    return record, found


def listed(workspace_id: str, leaderboard_id: str, limit: int | None = None) -> Iterator[Promotion]:
    """The newest decisions, newest first."""
    for item in table.query(_partition(workspace_id, leaderboard_id), "PROMOTION#", newest_first=True, limit=limit):
        yield msgspec.json.decode(item["doc"], type=Promotion)


def get(workspace_id: str, leaderboard_id: str, promotion_id: str) -> Promotion:
    """The decision. NotFound when there is none of that id."""
    item = table.get(_partition(workspace_id, leaderboard_id), f"PROMOTION#{promotion_id}", consistent=True)
    if item is None:
        raise NotFound("no such decision in the history of this leaderboard")
    return msgspec.json.decode(item["doc"], type=Promotion)


def served(leaderboard: Leaderboard, served_id: str) -> Target:
    """What began to serve by the decision of that id. NotFound when none did."""
    item = table.get(_partition(leaderboard.workspace_id, leaderboard.id), f"SERVED#{served_id}", consistent=True)
    if item is None:
        raise NotFound("nothing began to serve by this decision")
    return msgspec.json.decode(item["doc"], type=Target)


def predecessor(leaderboard: Leaderboard, now: Serving) -> str:
    """The record that brought the model that served before the present one did. Conflict when none did.

    A rollback goes back along the chain, so what it left is no predecessor of what it came to.
    """
    served_id = now.served_id
    while served_id:
        brought = get(leaderboard.workspace_id, leaderboard.id, served_id)
        served_id = brought.previous_served_id
        if served_id and brought.previous_id != (now.target.candidate_id if now.target else None):
            return served_id
    raise Conflict("no other model served before this one; select one instead", code="nothing_to_roll_back")


def _earlier(leaderboard: Leaderboard, before: Serving) -> tuple[Promotion, list[Write]] | None:
    """A record for what serves from before there was a history, so that it can be gone back to."""
    production = leaderboard.production
    if before.served_id or before.target is None or production is None:
        return None
    record = Promotion(
        id=production.run_id,  # as old as the run, so that it is listed before what is decided now
        at=production.since,
        action="first",
        policy=leaderboard.promotion_policy,
        reason=production.reason,
        run_id=production.run_id,
        model_id=before.target.candidate_id,
        name=before.target.name,
        served_id=production.run_id,
    )
    both = (("PROMOTION", record), ("SERVED", before.target))
    return record, [_put(leaderboard, f"{kind}#{record.id}", document) for kind, document in both]


def _put(leaderboard: Leaderboard, sk: str, document: Promotion | Target | None) -> Write:
    item: Item = {"pk": _partition(leaderboard.workspace_id, leaderboard.id), "sk": sk}
    return Write(item | {"doc": msgspec.json.encode(document).decode()}, condition=conditions.absent())


def _partition(workspace_id: str, leaderboard_id: str) -> str:
    return f"WS#{workspace_id}#LB#{leaderboard_id}"
