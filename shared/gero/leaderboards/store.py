"""Leaderboards in the table: optimistic writes by version, and the index entry that makes a schedule fire."""

from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError

from gero.kit import Conflict, Invalid, NotFound, blobs, clock, conditions, log, new_id, table
from gero.kit.table import Write
from gero.leaderboards.leaderboard import Leaderboard, LeaderboardInput, LeaderboardPatch
from gero.providers import target

DUE = "schedule"  # the partition of the index of due work in which scheduled leaderboards wait
DELETED = "deleted"  # and the one in which the remains of deleted leaderboards do
_CAN_BE_NULL = ("schedule", "dataset_url", "daily_event_limit", "monthly_event_limit", "end_date")
_TRIES = 5


def create(workspace_id: str, wanted: LeaderboardInput) -> Leaderboard:
    """A new leaderboard."""
    if wanted.model_selection.mode == "manual":
        raise Invalid("model_selection: pin a model after it was added", field="model_selection")
    now = clock.iso()
    leaderboard = Leaderboard(
        id=new_id(), workspace_id=workspace_id, created_at=now, updated_at=now, **wanted.model_dump()
    )
    leaderboard = _with_next_run(leaderboard)
    table.transact(
        [
            Write(_item(leaderboard), condition=conditions.absent()),
            Write(target.item(workspace_id, leaderboard.id, None)),
        ]
    )
    return leaderboard


def get(workspace_id: str, leaderboard_id: str) -> Leaderboard:
    """The leaderboard. NotFound when the workspace has none with that id."""
    item = table.get(f"WS#{workspace_id}", f"LB#{leaderboard_id}", consistent=True)
    if item is None:
        raise NotFound("no such leaderboard in this workspace")
    return Leaderboard.model_validate_json(item["doc"])


def listed(workspace_id: str) -> Iterator[Leaderboard]:
    """The workspace's leaderboards, newest first."""
    for item in table.query(f"WS#{workspace_id}", "LB#", newest_first=True):
        yield Leaderboard.model_validate_json(item["doc"])


def patch(workspace_id: str, leaderboard_id: str, wanted: LeaderboardPatch) -> Leaderboard:
    """Change what the patch names. Conflict when its `version` is not the current one; Invalid as in `create`."""
    named = wanted.model_fields_set - {"version"}
    changes = {name: getattr(wanted, name) for name in named}
    for name, value in changes.items():
        if value is None and name not in _CAN_BE_NULL:
            raise Invalid(f"{name}: cannot be null", field=name)

    def change(current: Leaderboard) -> Leaderboard:
        if wanted.version not in (None, current.version):
            raise Conflict(
                f"version: the leaderboard is at {current.version} by now; read it again", code="stale_version"
            )
        changed = current.model_copy(update=changes)
        _validate(changed)
        return _with_next_run(changed) if "schedule" in named else changed

    return update(workspace_id, leaderboard_id, change)


def update(workspace_id: str, leaderboard_id: str, change: Callable[[Leaderboard], Leaderboard]) -> Leaderboard:
    """Apply `change` to the current leaderboard; again on the newer one when somebody else was faster."""
    for _ in range(_TRIES):
        current = get(workspace_id, leaderboard_id)
        changed = change(current).model_copy(update={"version": current.version + 1, "updated_at": clock.iso()})
        try:
            table.put(_item(changed), conditions.equals("version", current.version))
        except Conflict:
            continue
        return changed
    raise Conflict("the leaderboard is being changed by others; try again")


def writes(leaderboard: Leaderboard, **changes: Any) -> list[Write]:
    """The write that applies `changes`, unless somebody changed the leaderboard meanwhile; for a transaction."""
    changed = leaderboard.model_copy(update={**changes, "version": leaderboard.version + 1, "updated_at": clock.iso()})
    return [Write(_item(changed), condition=conditions.equals("version", leaderboard.version))]


def delete(workspace_id: str, leaderboard_id: str) -> None:
    """Remove a leaderboard: it is gone, and serves nobody, at once. `sweep` removes what it leaves behind."""
    get(workspace_id, leaderboard_id)
    left = {"pk": f"WS#{workspace_id}", "sk": f"DELETED#{leaderboard_id}"}
    table.transact(
        [
            Write(key=(f"WS#{workspace_id}", f"LB#{leaderboard_id}")),
            Write(key=target.key(workspace_id, leaderboard_id)),
            Write(left | {"leaderboard_id": leaderboard_id, "due_kind": DELETED, "due_at": clock.iso()}),
        ]
    )


def sweep_deleted(limit: int = 10) -> int:
    """Sweep leaderboards that were deleted; returns how many are swept. Harmless when repeated."""
    swept = 0
    for item in table.query_due(DELETED, clock.iso(), limit):
        try:
            sweep(item["pk"].removeprefix("WS#"), item["leaderboard_id"])
            swept += 1
        except Exception as error:  # noqa: BLE001  one leaderboard's trouble must not keep the others waiting
            log.failure("leaderboard.not_swept", error, leaderboard_id=item["leaderboard_id"])
    return swept


def sweep(workspace_id: str, leaderboard_id: str) -> None:
    """Remove the rows, runs and traces of a leaderboard that was deleted."""
    for partition in (f"WS#{workspace_id}#LB#{leaderboard_id}", f"WS#{workspace_id}#LB#{leaderboard_id}#PENDING"):
        keys = [(item["pk"], item["sk"]) for item in table.query(partition)]
        for _, sk in keys:
            if sk.startswith("RUN#"):
                progress = f"WS#{workspace_id}#RUN#{sk.removeprefix('RUN#')}"
                table.delete_many((item["pk"], item["sk"]) for item in table.query(progress))
        table.delete_many(keys)
    blobs.delete_all(f"{workspace_id}/{leaderboard_id}/")
    table.delete(f"WS#{workspace_id}", f"DELETED#{leaderboard_id}")


def claim_due(limit: int = 100) -> Iterator[Leaderboard]:
    """Leaderboards whose scheduled time has come; each is given to one caller only, moved to its next time."""
    for item in table.query_due(DUE, clock.iso(), limit):
        due = Leaderboard.model_validate_json(item["doc"])
        moved = _with_next_run(due).model_copy(update={"version": due.version + 1})
        try:
            table.put(_item(moved), conditions.equals("version", due.version))
        except Conflict:
            continue  # another tick took it, or a person changed it: then the next tick finds it
        yield moved


def _with_next_run(leaderboard: Leaderboard) -> Leaderboard:
    moment = leaderboard.schedule.next_after(clock.now()) if leaderboard.schedule else None
    return leaderboard.model_copy(update={"next_run_at": clock.iso(moment) if moment else None})


def _validate(leaderboard: Leaderboard) -> None:
    try:
        LeaderboardInput.model_validate(leaderboard.model_dump(include=set(LeaderboardInput.model_fields)))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise Invalid(f"{field}: {message}" if field else message, field=field or None) from error


def _item(leaderboard: Leaderboard) -> dict[str, Any]:
    due = {"due_kind": DUE, "due_at": leaderboard.next_run_at} if leaderboard.next_run_at else {}
    return {
        "pk": f"WS#{leaderboard.workspace_id}",
        "sk": f"LB#{leaderboard.id}",
        "version": leaderboard.version,
        "doc": leaderboard.model_dump_json(),
        **due,
    }
