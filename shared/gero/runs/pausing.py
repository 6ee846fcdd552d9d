"""Runs that wait: for somebody to let them spend more."""

import contextlib

from gero.evaluation import BatchJob, spending
from gero.evaluation import plan as plans
from gero.kit import Conflict, Invalid, Unavailable, conditions, log, money, settings, table
from gero.kit.table import Changes
from gero.runs import rounds
from gero.runs.run import Run, partition, watched
from gero.runs.store import get, progress


def pause(job: BatchJob) -> bool:
    """Let the batch's run wait, for it has spent what it may. False when it waits or has ended already."""
    changes = Changes(set={"status": "paused"} | watched(at_once=True))
    try:
        table.update(partition(job.workspace_id, job.leaderboard_id), f"RUN#{job.run_id}", changes, _is("running"))
    except Conflict:
        return False
    log.warning("run.paused", run_id=job.run_id, leaderboard_id=job.leaderboard_id)
    return True


def resume(run: Run, max_cost_nanos: int | None) -> Run:
    """Go on with a paused run, which may spend so much in all (None: what it takes); nothing is asked twice.

    Conflict when it is not paused; Invalid when it has spent that much already.
    """
    if run.status != "paused":
        raise Conflict(f"this run is not paused but {run.status}", code="run_not_paused")
    spent = progress(run).cost_nanos
    if max_cost_nanos is not None and max_cost_nanos <= spent:
        raise Invalid(
            f"max_cost_usd: the run has spent ${money.to_usd(spent):.4f} already; allow more", field="max_cost_usd"
        )
    spending.set_cap(run.workspace_id, run.id, max_cost_nanos)
    cap = {"max_cost_nanos": max_cost_nanos} if max_cost_nanos is not None else {}
    changes = Changes(set={"status": "running", **cap}, remove=("told",) if cap else ("told", "max_cost_nanos"))
    key = (partition(run.workspace_id, run.leaderboard_id), f"RUN#{run.id}")
    table.update(*key, changes, _is("paused"))
    try:
        rounds.dispatch_rest(
            plans.load(run.workspace_id, run.leaderboard_id, run.id), settings.required("GERO_EVALUATION_QUEUE_URL")
        )
    except Exception as error:
        with contextlib.suppress(Conflict):
            table.update(*key, Changes(set={"status": "paused"}), _is("running"))
        raise Unavailable("the run could not be resumed; try again") from error
    return get(run.workspace_id, run.leaderboard_id, run.id)


def _is(status: str) -> conditions.Condition:
    return conditions.equals("status", status)
