"""The counters of a PUSH dataset: what was accepted, what waits, what its limits leave, and when it is consolidated.

One item holds the totals, one item a month what was accepted on each day (UTC). Both change in the transactions that
take rows in and out, so they are exact whoever pushes at the same time.
"""

import contextlib
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from gero.datasets.sampling import Algorithm
from gero.kit import Conflict, NotFound, clock, conditions, table
from gero.kit.conditions import Condition
from gero.kit.table import Changes, Write

DUE = "consolidation"  # the partition of the index of due work in which datasets with waiting rows are
_MONTHS_KEPT = timedelta(days=400)
_TRIES = 5


class PushRules(msgspec.Struct, frozen=True):
    """What a PUSH dataset takes and keeps. Limits are rows, days and months those of UTC; None is no limit."""

    max_rows: int
    limits_size: bool = True  # by dropping rows of a version; otherwise by refusing rows
    algorithm: Algorithm = "LAST_N"
    daily: int | None = None
    monthly: int | None = None
    last_day: str | None = None
    dedupe: bool = True
    every_events: int = 500
    every_hours: int = 24


class Intake(msgspec.Struct, frozen=True):
    """The totals. `gathered_rows` are those of the newest version and those that wait."""

    accepted_rows: int = 0
    pending_rows: int = 0
    pending_batches: int = 0
    gathered_rows: int = 0
    due_at: str | None = None

    def should_consolidate(self) -> bool:
        """Whether the time for it has come."""
        return self.due_at is not None and self.due_at <= clock.iso()


class Usage(msgspec.Struct, frozen=True):
    """Rows accepted today and this month, UTC."""

    today: int
    this_month: int


def opening(workspace_id: str, leaderboard_id: str, gathered_rows: int = 0, version: int = 0) -> Write:
    """The write that lets a dataset take rows, beside those of a version that is there."""
    pk, sk = _key(workspace_id, leaderboard_id)
    totals = {
        "accepted_rows": 0,
        "pending_rows": 0,
        "pending_batches": 0,
        "gathered_rows": gathered_rows,
        "version": version,
    }
    item = {"pk": pk, "sk": sk, "workspace_id": workspace_id, "leaderboard_id": leaderboard_id}
    return Write(item | totals, condition=conditions.absent())


def closing(workspace_id: str, leaderboard_id: str) -> Write:
    """The write after which no push under way takes a row any more."""
    return Write(key=_key(workspace_id, leaderboard_id))


def read(workspace_id: str, leaderboard_id: str) -> Intake:
    """The totals as they are now. NotFound when the dataset takes no rows."""
    item = table.get(*_key(workspace_id, leaderboard_id), consistent=True)
    if item is None:
        raise NotFound("no such leaderboard in this workspace")
    return msgspec.convert(item, Intake)


def accepted_rows(workspace_id: str, leaderboard_id: str) -> int:
    """How many rows were ever accepted."""
    item = table.get(*_key(workspace_id, leaderboard_id), consistent=True)
    return int(item["accepted_rows"]) if item else 0


def accepted_by_all(workspace_id: str, leaderboard_ids: Iterable[str]) -> dict[str, int]:
    """The same of many PUSH datasets in one read, by leaderboard; eventually consistent."""
    keys = [_key(workspace_id, one) for one in leaderboard_ids]
    return {item["leaderboard_id"]: int(item["accepted_rows"]) for item in table.get_many(keys)}


def usage(workspace_id: str, leaderboard_id: str) -> Usage:
    """What of the limits is used."""
    now = clock.now()
    item = table.get(*_month_key(workspace_id, leaderboard_id, now), consistent=True) or {}
    return Usage(today=item.get(_day(now), 0), this_month=item.get("rows", 0))


def taking(workspace_id: str, leaderboard_id: str, rows: int, rules: PushRules, moment: datetime) -> list[Write]:
    """The writes that count accepted rows at `moment`; their conditions are that the limits allow them."""
    fits = conditions.present() if rules.limits_size else conditions.at_most("gathered_rows", rules.max_rows - rows)
    day = _day(moment)
    expires = int((moment + _MONTHS_KEPT).timestamp())
    return [
        waiting(workspace_id, leaderboard_id, rules, moment, rows, fits),
        Write(
            key=_month_key(workspace_id, leaderboard_id, moment),
            changes=Changes(add={"rows": rows, day: rows}, set={"expires_at": expires}),
            condition=_within({"rows": rules.monthly, day: rules.daily}, rows),
        ),
    ]


def waiting(
    workspace_id: str,
    leaderboard_id: str,
    rules: PushRules,
    moment: datetime,
    rows: int = 0,
    condition: Condition | None = None,
) -> Write:
    """The write that counts one more batch, and so many rows in it, and sees that it is consolidated."""
    return Write(
        key=_key(workspace_id, leaderboard_id),
        changes=Changes(
            add={"accepted_rows": rows, "pending_rows": rows, "pending_batches": 1, "gathered_rows": rows},
            default={"due_kind": DUE, "due_at": clock.iso(moment + timedelta(hours=rules.every_hours))},
        ),
        condition=condition or conditions.present(),
    )


def room(workspace_id: str, leaderboard_id: str, rules: PushRules) -> tuple[int, str, str]:
    """How many rows the limits leave at the moment, and the code and the sentence of the one that is closest."""
    found = [(1 << 62, "", "")]
    limited = rules.daily is not None or rules.monthly is not None
    used = usage(workspace_id, leaderboard_id) if limited else Usage(0, 0)
    if rules.daily is not None:
        told = f"the daily limit of {rules.daily:,} rows is reached; it begins anew at 00:00 UTC"
        found.append((rules.daily - used.today, "daily_limit", told))
    if rules.monthly is not None:
        told = f"the monthly limit of {rules.monthly:,} rows is reached; it begins anew on the first, 00:00 UTC"
        found.append((rules.monthly - used.this_month, "monthly_limit", told))
    if not rules.limits_size:
        gathered = read(workspace_id, leaderboard_id).gathered_rows
        told = f"the dataset holds its {rules.max_rows:,} rows; raise max_samples_to_gather or set auto_limit_size"
        found.append((rules.max_rows - gathered, "dataset_full", told))
    return min(found)


def returning(workspace_id: str, leaderboard_id: str, rows: int, batches: int) -> Write:
    """The write that counts waiting rows out."""
    totals = {"pending_rows": -rows, "pending_batches": -batches, "gathered_rows": -rows}
    return Write(key=_key(workspace_id, leaderboard_id), changes=Changes(add=totals), condition=conditions.present())


def merged(
    workspace_id: str, leaderboard_id: str, rows: int, batches: int, growth: int, before: int, after: int
) -> Write:
    """The write that counts waiting rows out and a version in that has `growth` more rows than the one before.

    It goes from version number `before` to `after`. Conflict when somebody has gone on from `before` already.
    """
    totals = {"pending_rows": -rows, "pending_batches": -batches, "gathered_rows": growth - rows}
    changes = Changes(add=totals, set={"version": after})
    condition = conditions.present() & conditions.at_most("version", before)
    return Write(key=_key(workspace_id, leaderboard_id), changes=changes, condition=condition)


def hasten(workspace_id: str, leaderboard_id: str, found: Intake) -> Intake:
    """Make the consolidation that is to come due now, unless it is under way; gives the totals with that."""
    now = clock.iso()
    if found.due_at is None or found.due_at <= now:
        return found
    free = conditions.absent("claimed_until") | conditions.at_most("claimed_until", now)
    try:
        _set_due(workspace_id, leaderboard_id, now, conditions.above("due_at", now) & free)
    except Conflict:  # it is under way, and looks at what waits when it ends
        return found
    return msgspec.structs.replace(found, due_at=now)


def reschedule(workspace_id: str, leaderboard_id: str, rules: PushRules) -> None:
    """After a consolidation, or a change of the rules: set when what waits by now is due, if anything does."""
    for _ in range(_TRIES):
        found = read(workspace_id, leaderboard_id)
        unchanged = conditions.equals("pending_batches", found.pending_batches)
        changes = Changes(remove=("due_kind", "due_at", "claimed_until"))
        if found.pending_batches:
            wait = timedelta(hours=0 if found.pending_rows >= rules.every_events else rules.every_hours)
            due_at = clock.iso(clock.now() + wait)
            changes = Changes(set={"due_kind": DUE, "due_at": due_at}, remove=("claimed_until",))
        with contextlib.suppress(Conflict):  # a push or another consolidation came between
            table.update(*_key(workspace_id, leaderboard_id), changes, unchanged)
            return


def look_again(workspace_id: str, leaderboard_id: str, wait: timedelta) -> None:
    """Let the dataset be looked at once more after some time, although nothing may wait."""
    free = conditions.present() & conditions.absent("due_at")
    with contextlib.suppress(Conflict):  # it is due anyway, or gone
        _set_due(workspace_id, leaderboard_id, clock.iso(clock.now() + wait), free)


def claim_due(lease: timedelta, limit: int) -> list[tuple[str, str]]:
    """Workspace and leaderboard of datasets to be consolidated now; each is given to one caller for `lease`."""
    claimed = []
    for item in table.query_due(DUE, clock.iso(), limit):
        owner = item["workspace_id"], item["leaderboard_id"]
        with contextlib.suppress(Conflict):  # another tick took it
            until = clock.iso(clock.now() + lease)
            changes = Changes(set={"due_at": until, "claimed_until": until})
            table.update(*_key(*owner), changes, conditions.equals("due_at", item["due_at"]))
            claimed.append(owner)
    return claimed


def _set_due(workspace_id: str, leaderboard_id: str, due_at: str, condition: Condition) -> None:
    table.update(*_key(workspace_id, leaderboard_id), Changes(set={"due_kind": DUE, "due_at": due_at}), condition)


def _within(limits: dict[str, int | None], rows: int) -> Condition | None:
    """That so many more rows are within the limit of each attribute; None without any limit."""
    found: Condition | None = None
    for attribute, limit in limits.items():
        if limit is not None:
            fits = conditions.at_most(attribute, limit - rows)
            if rows <= limit:
                fits = conditions.absent(attribute) | fits
            found = found & fits if found else fits
    return found


def _key(workspace_id: str, leaderboard_id: str) -> tuple[str, str]:
    return f"WS#{workspace_id}#LB#{leaderboard_id}", "INTAKE"


def _month_key(workspace_id: str, leaderboard_id: str, moment: datetime) -> tuple[str, str]:
    return f"WS#{workspace_id}#LB#{leaderboard_id}", f"INTAKE#{moment:%Y-%m}"


def _day(moment: datetime) -> str:
    return f"day_{moment:%d}"
