"""Looking after active runs: those that lost their workflow come to an end, those that wait for a person say so."""

from collections.abc import Callable

from gero.kit import Conflict, clock, log, table, workflows
from gero.runs.run import WATCH, Run, from_item, watched
from gero.runs.store import change, execute, finish

_WAITING = ("paused", "reviewing")


def _failed(run: Run, error: str) -> None:
    finish(run, "failed", error=error)


def look_after(
    limit: int = 100,
    *,
    tell: Callable[[Run], None] = lambda run: None,
    fail: Callable[[Run, str], None] = _failed,
) -> int:
    """Look at runs whose execution was never started, or died, or that wait for a person, who is told so once.

    `fail(run, error)` ends a run. Returns how many were looked at.
    """
    looked_at = 0
    for item in table.query_due(WATCH, clock.iso(), limit):
        looked_at += 1
        run = from_item(item)
        try:
            if run.status in _WAITING and item.get("told") != run.status:
                tell(run)
                change(run, {"told": run.status})
            _look_after(run, fail)
        except Exception as error:  # noqa: BLE001  one run's trouble must not keep the others waiting
            log.failure("run.not_looked_after", error, run_id=run.id)
    return looked_at


def _look_after(run: Run, fail: Callable[[Run, str], None]) -> None:
    found = workflows.status(run.id)
    if found is None:
        execute(run)
    elif found != "RUNNING":
        fail(run, f"the run's workflow ended as {found} without a result; run again")
    if found in (None, "RUNNING"):
        _postpone(run)


def _postpone(run: Run) -> None:
    try:
        change(run, watched())
    except Conflict:
        log.event("run.ended_meanwhile", run_id=run.id)
