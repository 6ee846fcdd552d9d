"""What the workspace's plan (`gero.access.plans`) lets its leaderboards have.

Limits of pushed rows and of traces are settings of the leaderboard, so that pushes and inference need not know the
plan: a setting that nobody named is the plan's limit, where the product's default is above that.
"""

from collections.abc import Collection, Sequence
from typing import Final, TypeVar

from gero.access import Plan
from gero.kit import Conflict, Unavailable, conditions, table
from gero.kit.table import Write
from gero.leaderboards.leaderboard import Leaderboard, LeaderboardInput
from gero.providers import directory

Settings = TypeVar("Settings", Leaderboard, LeaderboardInput)
_RETENTION: Final = "traces.retention_days"
_LIMITS: Final = {
    _RETENTION: "trace_retention_days",
    "max_samples_to_gather": "kept_rows",
    "monthly_event_limit": "pushed_rows",
}
LIMITED: Final = frozenset({"dataset_type", "traces", *_LIMITS})
"""Fields of a patch that the plan may have a say in."""
_TRIES: Final = 5


def count(workspace_id: str) -> int:
    """How many leaderboards the workspace has."""
    return sum(one.kind == "leaderboard" for one in directory.listed(workspace_id))


def make(workspace_id: str, leaderboard_id: str, plan: Plan, writes: Sequence[Write]) -> None:
    """Carry out the writes that make a leaderboard, in one transaction. PaymentRequired when the plan allows no more.

    With a limit, leaderboards are made one after the other: each names itself as the newest, in the place of the one
    that was it before it counted. So there are never more than the plan allows, however many are made at once.
    """
    if plan.leaderboards is None:
        table.transact(writes)
        return
    for _ in range(_TRIES):
        newest = table.get(*_newest(workspace_id), consistent=True)
        # Those themselves, not their names in the directory: one that is being renamed may be missing there.
        there = sum(1 for _ in table.query(f"WS#{workspace_id}", "LB#", limit=plan.leaderboards))
        plan.check("leaderboards", there + 1)
        try:
            table.transact([*writes, _becomes_newest(workspace_id, leaderboard_id, newest)])
        except Conflict:
            continue
        return
    raise Unavailable("leaderboards are being made by others; try again")


def within(plan: Plan, wanted: Settings, said: Collection[str], before: Leaderboard | None = None) -> Settings:
    """The settings with the plan's limits in the place of defaults above them. `said`: the fields that were named.

    PaymentRequired names a field that was given a value above its limit. What is as it was `before` stays so.
    """
    known = _limited(before) if before else {}
    for field, value in _limited(wanted).items():
        limit = _LIMITS[field]
        if field in known and known[field] == value:
            continue
        if field in said or field in known:
            plan.check(limit, value, field)
        else:
            wanted = _filled(wanted, field, value, getattr(plan, limit))
    return wanted


def said(wanted: LeaderboardInput) -> set[str]:
    """The fields that the body of a new leaderboard names, those of its traces too."""
    return wanted.model_fields_set | {f"traces.{name}" for name in wanted.traces.model_fields_set}


def _limited(settings: Leaderboard | LeaderboardInput) -> dict[str, int | None]:
    """The values of the fields that a plan limits; those of pushed rows only where rows are pushed."""
    found: dict[str, int | None] = {_RETENTION: settings.traces.retention_days}
    if settings.dataset_type == "PUSH":
        found |= {name: getattr(settings, name) for name in _LIMITS if name != _RETENTION}
    return found


def _filled(wanted: Settings, field: str, default: int | None, limit: int | None) -> Settings:
    if limit is None or (default is not None and default <= limit):
        return wanted
    if field == _RETENTION:
        return wanted.model_copy(update={"traces": wanted.traces.model_copy(update={"retention_days": limit})})
    return wanted.model_copy(update={field: limit})


def _newest(workspace_id: str) -> tuple[str, str]:
    return f"WS#{workspace_id}", "NEWEST_LEADERBOARD"


def _becomes_newest(workspace_id: str, leaderboard_id: str, newest: table.Item | None) -> Write:
    pk, sk = _newest(workspace_id)
    unchanged = conditions.equals("leaderboard_id", newest["leaderboard_id"]) if newest else conditions.absent()
    return Write({"pk": pk, "sk": sk, "leaderboard_id": leaderboard_id}, condition=unchanged)
