"""A run's life: started, begun, finished; and the lock that keeps a leaderboard to one active run."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Unpack

import msgspec

from gero.evaluation import plan as plans
from gero.evaluation import spending
from gero.kit import Conflict, NotFound, Unavailable, blobs, clock, conditions, log, new_id, table, workflows
from gero.kit.table import Changes, Write
from gero.runs.latest import note
from gero.runs.run import (
    ACTIVE,
    LISTED,
    Options,
    Progress,
    Run,
    Source,
    Status,
    from_item,
    partition,
    stored,
    to_item,
    watched,
)


def start(
    workspace_id: str,
    leaderboard_id: str,
    *,
    source: Source,
    configuration: dict[str, Any],
    **options: Unpack[Options],
) -> Run:
    """Lock the leaderboard and start its run. Conflict while another one is active."""
    run = Run(
        id=new_id(),
        workspace_id=workspace_id,
        leaderboard_id=leaderboard_id,
        source=source,
        status="queued",
        created_at=clock.iso(),
        **options,
    )
    blobs.put(_configuration_key(run), msgspec.json.encode(configuration), "application/json")
    lock = {"pk": partition(workspace_id, leaderboard_id), "sk": "ACTIVE_RUN", "run_id": run.id}
    try:
        table.transact(
            [
                Write(item=to_item(run) | watched(), condition=conditions.absent()),
                Write(lock, condition=conditions.absent()),
                note(run),
            ]
        )
    except Conflict as error:
        active = active_run_id(workspace_id, leaderboard_id)
        raise Conflict(
            "this leaderboard already has an active run; wait for it or cancel it", code="run_active", run_id=active
        ) from error
    execute(run)
    return run


def get(workspace_id: str, leaderboard_id: str, run_id: str) -> Run:
    """The run as it is now. NotFound when there is none."""
    item = table.get(partition(workspace_id, leaderboard_id), f"RUN#{run_id}", consistent=True)
    if item is None:
        raise NotFound("no such run of this leaderboard")
    return from_item(item)


def configuration(run: Run) -> dict[str, Any]:
    """What the leaderboard and its models were when the run was started: `{"leaderboard", "models"}`."""
    stored = blobs.get(_configuration_key(run))
    if stored is None:
        raise NotFound("the configuration of this run is gone")
    found: dict[str, Any] = msgspec.json.decode(stored)
    return found


def listed(workspace_id: str, leaderboard_id: str, limit: int, *, skip: int = 0) -> Iterator[Run]:
    """The newest runs after `skip`, newest first, without their rankings, of which `outline` tells."""
    pk, last = partition(workspace_id, leaderboard_id), None
    if skip:
        keys = [item["sk"] for item in table.query(pk, "RUN#", newest_first=True, limit=skip + 1, only=("sk",))]
        if len(keys) <= skip:
            return
        last = keys[-1]
    for item in table.query(pk, "RUN#", last=last, newest_first=True, limit=limit, only=LISTED):
        yield from_item(item)


def active_run_id(workspace_id: str, leaderboard_id: str) -> str | None:
    """The id of the leaderboard's active run, if any."""
    lock = table.get(partition(workspace_id, leaderboard_id), "ACTIVE_RUN", consistent=True)
    return lock["run_id"] if lock else None


def progress(run: Run) -> Progress:
    """How far the run is, or was when it ended."""
    if not run.active:
        return Progress(run.cells_total, run.cells_done, run.errors, run.cost_nanos)
    partition = f"WS#{run.workspace_id}#RUN#{run.id}"
    rounds = [*table.query(partition, "ROUND#"), *table.query(partition, "LIVE#")]
    return Progress(
        cells_total=run.cells_total,
        cells_done=min(run.cells_total, sum(one.get("cells_done", 0) for one in rounds)),
        errors=sum(one.get("errors", 0) for one in rounds),
        cost_nanos=max(
            sum(one.get("cost_nanos", 0) for one in rounds),
            # What batches had reported when it was paused may be two seconds old.
            spending.spent(run.workspace_id, run.id) if run.status == "paused" else 0,
        ),
    )


def begin(run: Run, *, dataset: dict[str, Any], cells_total: int) -> None:
    """Note that the run is planned and evaluation starts. Conflict when it ended meanwhile."""
    change(
        run,
        {
            "status": "running",
            "dataset": stored("dataset", dataset),
            "cells_total": cells_total,
            "started_at": clock.iso(),
        },
    )


def show_ranking(run: Run, ranking: Mapping[str, Any], cells_total: int) -> None:
    """Show an interim ranking, and how many cells there are by now. Conflict when the run ended meanwhile."""
    change(run, _documents({"ranking": ranking}) | {"cells_total": cells_total})


def await_review(run: Run) -> None:
    """Note that the run waits for people's verdicts. Conflict when it ended meanwhile."""
    change(run, {"status": "reviewing"} | watched(at_once=True))


def finish(run: Run, status: Status, *, also: Sequence[Write] = (), **found: Any) -> bool:
    """End the run, unlock its leaderboard and do the writes of `also`, all at once or not at all.

    `found`: the `ranking`, `decision` (documents) and `error` to keep. False when the run had ended before, or a
    condition of `also` does not hold; then nothing changes.
    """
    counted = progress(run)
    ended = {
        "status": status,
        "finished_at": clock.iso(),
        "cells_done": counted.cells_done,
        "errors": counted.errors,
        "cost_nanos": counted.cost_nanos,
    }
    changes = Changes(set=ended | _documents(found), remove=("due_kind", "due_at"))
    pk = partition(run.workspace_id, run.leaderboard_id)
    unlocked = conditions.absent("run_id") | conditions.equals("run_id", run.id)
    try:
        table.transact(
            [
                Write(key=(pk, f"RUN#{run.id}"), changes=changes, condition=_active()),
                Write(key=(pk, "ACTIVE_RUN"), condition=unlocked),
                *also,
            ]
        )
    except Conflict:
        return False
    log.event("run.finished", run_id=run.id, leaderboard_id=run.leaderboard_id, status=status)
    return True


def cancel(run: Run) -> Run:
    """End an active run; what was scored is kept. Conflict when it has ended already."""
    if not finish(run, "cancelled"):
        raise Conflict("this run has already ended", code="run_ended")
    workflows.stop(run.id, "cancelled")
    return get(run.workspace_id, run.leaderboard_id, run.id)


def _configuration_key(run: Run) -> str:
    return f"{plans.run_prefix(run.workspace_id, run.leaderboard_id, run.id)}/configuration.json"


def execute(run: Run) -> None:
    """Start the run's workflow; the same run again is the same execution. Unavailable, and the run failed, if not."""
    payload = {"workspace_id": run.workspace_id, "leaderboard_id": run.leaderboard_id, "run_id": run.id}
    try:
        workflows.start(run.id, payload)
    except Exception as error:
        finish(run, "failed", error="the workflow could not be started; run again")
        raise Unavailable("the run could not be started; try again") from error


def change(run: Run, values: dict[str, Any]) -> None:
    """Set attributes of an active run. Conflict when it ended meanwhile."""
    table.update(partition(run.workspace_id, run.leaderboard_id), f"RUN#{run.id}", Changes(set=values), _active())


def _active() -> conditions.Condition:
    first, *others = (conditions.equals("status", status) for status in ACTIVE)
    for other in others:
        first = first | other
    return first


def _documents(found: dict[str, Any]) -> dict[str, str | bytes]:
    """Documents as they are stored: what lists tell of a ranking lies beside it."""
    ranking = dict(found.get("ranking") or {})
    if "outline" in ranking:
        found = found | {"outline": ranking.pop("outline"), "ranking": ranking}
    return {name: one if isinstance(one, str) else stored(name, one) for name, one in found.items()}
