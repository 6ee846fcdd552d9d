"""Leaderboards in the table: optimistic writes by version, and the index entry that makes a schedule fire."""

import contextlib
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import msgspec
from pydantic import ValidationError

from gero import access, datasets, runs
from gero.kit import Conflict, Invalid, NotFound, blobs, clock, conditions, log, new_id, table
from gero.kit.table import Write
from gero.leaderboards import plan_limits
from gero.leaderboards.leaderboard import Leaderboard, LeaderboardInput, LeaderboardPatch
from gero.leaderboards.schedule import TriggerName
from gero.leaderboards.serving_settings import CHALLENGER, merged, serving_settings
from gero.providers import directory, serving, target

DUE = "schedule"  # the partition of the index of due work in which scheduled leaderboards wait
DELETED = "deleted"  # and the one in which the remains of deleted leaderboards do
_CAN_BE_NULL = (
    *("schedule", "dataset_url", "daily_event_limit", "monthly_event_limit", "end_date"),
    *("answer_pattern", "max_run_cost_usd"),
)
_MERGED = ("inference", "traces")  # a patch changes what it names inside of them; other objects are replaced whole
_TRIES = 5


def create(workspace_id: str, wanted: LeaderboardInput) -> Leaderboard:
    """A new leaderboard. PaymentRequired when the workspace's plan does not allow it, or not with these settings."""
    if wanted.model_selection.mode == "manual":
        raise Invalid("model_selection: pin a model after it was added", field="model_selection")
    if wanted.inference.shadow.model_id is not None:
        raise Invalid(f"{CHALLENGER}: name a challenger after it was added", field=CHALLENGER)
    plan, now = access.plans.of(workspace_id), clock.iso()
    settings = plan_limits.within(plan, wanted, plan_limits.said(wanted)).model_dump()
    leaderboard = Leaderboard(id=new_id(), workspace_id=workspace_id, created_at=now, updated_at=now, **settings)
    leaderboard = _with_next_times(leaderboard)
    writes = [
        Write(_item(leaderboard), condition=conditions.absent()),
        Write(target.item(target.key(workspace_id, leaderboard.id), None)),
        directory.add(workspace_id, _entry(leaderboard)),
        *([datasets.intake.opening(workspace_id, leaderboard.id)] if leaderboard.dataset_type == "PUSH" else []),
    ]
    plan_limits.make(workspace_id, leaderboard.id, plan, writes)
    return leaderboard


def get(workspace_id: str, leaderboard_id: str) -> Leaderboard:
    """The leaderboard. NotFound when the workspace has none with that id."""
    item = table.get(f"WS#{workspace_id}", f"LB#{leaderboard_id}", consistent=True)
    if item is None:
        raise NotFound("no such leaderboard in this workspace")
    return Leaderboard.model_validate_json(item["doc"])


def listed(workspace_id: str, *, before: str | None = None, limit: int | None = None) -> Iterator[Leaderboard]:
    """The workspace's leaderboards, newest first; at most `limit` of those that are older than the one `before`."""
    last, most = (f"LB#{before}", limit and limit + 1) if before else (None, limit)
    found = table.query(f"WS#{workspace_id}", "LB#", last=last, newest_first=True, limit=most)
    older = (item for item in found if item["sk"] != last)
    for item in islice(older, limit):
        yield Leaderboard.model_validate_json(item["doc"])


def patch(workspace_id: str, leaderboard_id: str, wanted: LeaderboardPatch) -> Leaderboard:
    """Change what the patch names. Conflict when its `version` is not the current one; refused as in `create`."""
    named = wanted.model_fields_set - {"version"}
    plan = access.plans.of(workspace_id) if named & plan_limits.LIMITED else None
    changes = {name: getattr(wanted, name) for name in named}
    for name, value in changes.items():
        if value is None and name not in _CAN_BE_NULL:
            raise Invalid(f"{name}: cannot be null", field=name)

    def change(current: Leaderboard) -> Leaderboard:
        if wanted.version not in (None, current.version):
            raise Conflict(
                f"version: the leaderboard is at {current.version} by now; read it again", code="stale_version"
            )
        parts = {name: merged(getattr(current, name), changes[name]) for name in _MERGED if name in named}
        changed = current.model_copy(update=changes | parts)
        if plan:
            changed = plan_limits.within(plan, changed, named, current)
        _validate(changed)
        _check_type(current, changed)
        return _with_next_times(changed) if "schedule" in named else changed

    changed = update(workspace_id, leaderboard_id, change)
    if changed.dataset_type == "PUSH" and named & {"consolidate_every_events", "consolidate_every_hours"}:
        datasets.intake.reschedule(workspace_id, leaderboard_id, changed.rules())
    return changed


def _check_type(before: Leaderboard, after: Leaderboard) -> None:
    if before.dataset_type == after.dataset_type:
        return
    if runs.active_run_id(before.workspace_id, before.id):
        raise Conflict("dataset_type: a run is active; wait for it or cancel it", code="run_active")
    if after.dataset_type == "GET":
        raise Invalid(
            "dataset_type: pushed rows stay, so a PUSH dataset cannot become a GET one; create another leaderboard",
            field="dataset_type",
        )
    latest = datasets.latest_version(before.workspace_id, before.id)
    with contextlib.suppress(Conflict):  # it was opened by a change that somebody else was faster than
        held = (latest.rows, latest.number) if latest else (0, 0)
        table.transact([datasets.intake.opening(before.workspace_id, before.id, *held)])


def update(workspace_id: str, leaderboard_id: str, change: Callable[[Leaderboard], Leaderboard]) -> Leaderboard:
    """Apply `change` to the current leaderboard; again on the newer one when somebody else was faster."""
    for _ in range(_TRIES):
        current = get(workspace_id, leaderboard_id)
        changed = change(current).model_copy(update={"version": current.version + 1, "updated_at": clock.iso()})
        try:
            table.transact([_replaced(current, changed), *_renamed(current, changed)])
        except Conflict:
            continue
        return changed
    raise Conflict("the leaderboard is being changed by others; try again")


def writes(leaderboard: Leaderboard, **changes: Any) -> list[Write]:
    """The write that applies `changes`, unless somebody changed the leaderboard meanwhile; for a transaction."""
    changed = leaderboard.model_copy(update={**changes, "version": leaderboard.version + 1, "updated_at": clock.iso()})
    return [_replaced(leaderboard, changed)]


def delete(workspace_id: str, leaderboard_id: str) -> None:
    """Remove a leaderboard: it is gone, and serves nobody, at once. `sweep` removes what it leaves behind.

    PaymentRequired, before anything is touched, when the workspace's plan keeps leaderboards.
    """
    name = get(workspace_id, leaderboard_id).name
    access.plans.of(workspace_id).check_leaderboard_deletion()
    left = {"pk": f"WS#{workspace_id}", "sk": f"DELETED#{leaderboard_id}"}
    table.transact(
        [
            Write(key=(f"WS#{workspace_id}", f"LB#{leaderboard_id}")),
            Write(key=target.key(workspace_id, leaderboard_id)),
            directory.remove(workspace_id, "leaderboard", leaderboard_id, name),
            datasets.intake.closing(workspace_id, leaderboard_id),
            Write(left | {"leaderboard_id": leaderboard_id, "due_kind": DELETED, "due_at": clock.iso()}),
        ]
    )


def sweep_deleted(limit: int = 10) -> int:
    """Sweep leaderboards that were deleted; returns how many are swept. Harmless when repeated."""
    swept = 0
    for item in table.query_due(DELETED, clock.iso(), limit):
        try:
            swept += sweep(item["pk"].removeprefix("WS#"), item["leaderboard_id"])
        except Exception as error:  # noqa: BLE001  one leaderboard's trouble must not keep the others waiting
            log.failure("leaderboard.not_swept", error, leaderboard_id=item["leaderboard_id"])
    return swept


def sweep(workspace_id: str, leaderboard_id: str, seconds: float = 60) -> bool:
    """Remove the rows, runs and traces of a leaderboard that was deleted; False when the time did not suffice."""
    end = time.monotonic() + seconds
    own = f"WS#{workspace_id}#LB#{leaderboard_id}"
    run_ids = [item["sk"].removeprefix("RUN#") for item in table.query(own, "RUN#")]
    progress = [f"WS#{workspace_id}#RUN#{run_id}" for run_id in run_ids]
    for partition in (*progress, datasets.claims_partition(workspace_id, leaderboard_id), own):
        if not table.delete_partition(partition, end):
            return False
    blobs.delete_all(f"{workspace_id}/{leaderboard_id}/")
    table.delete(f"WS#{workspace_id}", f"DELETED#{leaderboard_id}")
    return True


def claim_due(limit: int) -> Iterator[tuple[Leaderboard, list[TriggerName]]]:
    """Leaderboards with triggers whose time has come, and those triggers, moved to their next times.

    Each time of a trigger is given to one caller only. A caller that dies with it loses it.
    """
    for item in table.query_due(DUE, clock.iso(), limit):
        try:
            due = Leaderboard.model_validate_json(item["doc"])
            times = due.next_times or {"cron": item["due_at"]}  # without: stored when cron was the only trigger
            moved = _with_next_times(due).model_copy(update={"version": due.version + 1})
            table.put(_item(moved), conditions.equals("version", due.version))
        except Conflict:
            continue  # another tick took it, or a person changed it: then the next tick finds it
        except Exception as error:  # noqa: BLE001  one leaderboard's trouble must not keep the others waiting
            log.failure("schedule.not_claimed", error, pk=item["pk"], sk=item["sk"])
            continue
        yield moved, [name for name, at in times.items() if moved.next_times.get(name) != at]


def _with_next_times(leaderboard: Leaderboard) -> Leaderboard:
    times = leaderboard.schedule.next_times() if leaderboard.schedule else {}
    return leaderboard.model_copy(update={"next_times": times, "next_run_at": min(times.values(), default=None)})


def _validate(leaderboard: Leaderboard) -> None:
    try:
        LeaderboardInput.model_validate(leaderboard.model_dump(include=set(LeaderboardInput.model_fields)))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise Invalid(f"{field}: {message}" if field else message, field=field or None) from error


def _replaced(current: Leaderboard, changed: Leaderboard) -> Write:
    return Write(_item(changed), condition=conditions.equals("version", current.version))


def _renamed(current: Leaderboard, changed: Leaderboard) -> list[Write]:
    if current.name == changed.name:
        return []
    return directory.rename(changed.workspace_id, _entry(changed), current.name)


def _entry(leaderboard: Leaderboard) -> directory.Entry:
    return directory.Entry("leaderboard", leaderboard.id, leaderboard.name, leaderboard.created_at)


def _item(leaderboard: Leaderboard) -> dict[str, Any]:
    due = {"due_kind": DUE, "due_at": leaderboard.next_run_at} if leaderboard.next_run_at else {}
    return {
        "pk": f"WS#{leaderboard.workspace_id}",
        "sk": f"LB#{leaderboard.id}",
        "version": leaderboard.version,
        "doc": leaderboard.model_dump_json(),
        serving.SETTINGS: msgspec.json.encode(serving_settings(leaderboard.inference, leaderboard.traces)).decode(),
        **due,
    }
