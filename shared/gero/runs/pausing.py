"""Runs that wait for a person: they have spent what they may, or their judge is out; and how they go on."""

from gero.evaluation import BatchJob, spending
from gero.evaluation import plan as plans
from gero.kit import Conflict, Invalid, clock, conditions, log, money, settings, table
from gero.kit.table import Changes
from gero.runs import rounds
from gero.runs.run import Run, partition, watched
from gero.runs.store import get, progress


def pause(job: BatchJob, why: str) -> bool:
    """Let the batch's run wait, for the reason told to people. False when it waits already, went on, or has ended."""
    changes = Changes(set={"status": "paused", "waits_for": why} | watched(at_once=True))
    as_sent = conditions.equals("epoch", job.epoch)
    if not job.epoch:
        as_sent = as_sent | conditions.absent("epoch")
    try:
        key = (partition(job.workspace_id, job.leaderboard_id), f"RUN#{job.run_id}")
        table.update(*key, changes, as_sent & _is("running"))
    except Conflict:
        return False
    log.warning("run.paused", run_id=job.run_id, leaderboard_id=job.leaderboard_id)
    return True


def resume(run: Run, max_cost_nanos: int | None) -> Run:
    """Go on with a paused run, which may spend so much in all (None: what it takes); nothing is asked twice.

    Conflict when it is not paused; Invalid when it has spent that much already, or nothing more than it might before.
    """
    if run.status != "paused":
        raise Conflict(f"this run is not paused but {run.status}", code="run_not_paused")
    spent = progress(run).cost_nanos
    if max_cost_nanos is not None and max_cost_nanos <= spent:
        raise Invalid(
            f"max_cost_usd: the run has spent ${money.to_usd(spent):.4f} already; allow more", field="max_cost_usd"
        )
    before = run.max_cost_nanos
    if run.waits_for == spending.USED_UP and before and max_cost_nanos is not None and max_cost_nanos <= before:
        raise Invalid(
            f"max_cost_usd: the run has spent what it may, ${money.to_usd(before):.4f}; allow more, or null: no limit",
            field="max_cost_usd",
        )
    cap = {"max_cost_nanos": max_cost_nanos} if max_cost_nanos is not None else {}
    # Whoever still works on it does so for an earlier epoch, and stops. `resend`: until the rest is sent, a tick sees
    # to that, should this call not.
    going = {"status": "running", "resend": clock.iso(), "epoch": run.epoch + 1, **cap} | watched(at_once=True)
    gone = ("told", "waits_for") if cap else ("told", "waits_for", "max_cost_nanos")
    key = (partition(run.workspace_id, run.leaderboard_id), f"RUN#{run.id}")
    table.update(*key, Changes(set=going, remove=gone), _is("paused"))
    resumed = get(run.workspace_id, run.leaderboard_id, run.id)
    send_rest(resumed)
    return resumed


def send_rest(run: Run) -> None:
    """Send what of the run's round is not done, under its present limit. Repeatable: what is sent twice counts once."""
    spending.set_cap(run.workspace_id, run.id, run.max_cost_nanos)
    plan = plans.load(run.workspace_id, run.leaderboard_id, run.id)
    rounds.dispatch_rest(plan, settings.required("GERO_EVALUATION_QUEUE_URL"))
    key = (partition(run.workspace_id, run.leaderboard_id), f"RUN#{run.id}")
    table.update(*key, Changes(remove=("resend",)), conditions.present())


def _is(status: str) -> conditions.Condition:
    return conditions.equals("status", status)
