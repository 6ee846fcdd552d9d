"""Looking after active runs: those that lost their workflow or their messages, and those that wait for a person."""

from collections.abc import Callable
from datetime import timedelta

from gero.kit import Conflict, clock, log, table, workflows
from gero.kit.table import Item
from gero.runs.pausing import send_rest
from gero.runs.run import WATCH, Run, from_item, watched
from gero.runs.store import change, execute, finish, progress

_WAITING = ("paused", "reviewing")
_STILL, _DEAD = timedelta(hours=1), timedelta(hours=24)  # without a row more: what is left is sent again; it is failed


def _failed(run: Run, error: str) -> None:
    finish(run, "failed", error=error)


def look_after(
    limit: int = 100,
    *,
    tell: Callable[[Run], None] = lambda run: None,
    fail: Callable[[Run, str], None] = _failed,
    wake: Callable[[Run], None] = lambda run: None,
) -> int:
    """Look at active runs whose time to be looked at has come; returns how many.

    `tell(run)` is called once for one that waits for a person, `fail(run, error)` ends one that cannot go on,
    `wake(run)` lets one go on whose review is over.
    """
    looked_at = 0
    for item in table.query_due(WATCH, clock.iso(), limit):
        looked_at += 1
        run = from_item(item)
        try:
            if run.status in _WAITING and item.get("told") != run.status:
                tell(run)
                change(run, {"told": run.status})
            if run.status == "reviewing":
                wake(run)
            _look_after(run, item, fail)
        except Exception as error:  # noqa: BLE001  one run's trouble must not keep the others waiting
            log.failure("run.not_looked_after", error, run_id=run.id)
    return looked_at


def _look_after(run: Run, item: Item, fail: Callable[[Run, str], None]) -> None:
    found = workflows.status(run.id)
    if found is None:
        execute(run)
    elif found != "RUNNING":
        fail(run, f"the run's workflow ended as {found} without a result; run again")
        return
    if run.status == "running":
        _keep_moving(run, item, fail)
    _postpone(run)


def _keep_moving(run: Run, item: Item, fail: Callable[[Run, str], None]) -> None:
    """Send again what was lost: of a run that was resumed, or that has not moved for long."""
    if "resend" in item:
        send_rest(run)
        return
    done, now = progress(run).cells_done, clock.now()
    if item.get("moved_cells") != done:
        change(run, {"moved_cells": done, "moved_at": clock.iso(now)})
        return
    still = now - clock.parse(item["moved_at"])
    if still >= _DEAD:
        fail(run, "no row was evaluated for 24 hours; run again, what was answered is not asked again")
    elif still >= _STILL:
        send_rest(run)


def _postpone(run: Run) -> None:
    try:
        change(run, watched())
    except Conflict:
        log.event("run.ended_meanwhile", run_id=run.id)
