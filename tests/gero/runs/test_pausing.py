from datetime import UTC, datetime

import boto3
import pytest

from gero import evaluation, runs
from gero.evaluation import BatchJob, EvaluationPlan, Tally
from gero.kit import Conflict, Invalid, settings, table
from gero.kit.table import Changes
from gero.runs import Run, rounds
from tests.gero.plans import job_of, stored_plan
from tests.gero.runs.test_rounds import finished


@pytest.fixture
def run(atomic_cloud: None, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run under way whose first round of four batches was sent."""
    monkeypatch.setattr("gero.kit.workflows.succeed_task", lambda token: None)
    started = runs.start("w", "l", source="manual", configuration={}, max_cost_nanos=100)
    runs.begin(started, dataset={}, cells_total=12)
    plan = stored_plan(run_id=started.id, max_cost_nanos=100)
    rounds.dispatch(plan, 1, "token", settings.required("GERO_EVALUATION_QUEUE_URL"))
    emptied()
    return runs.get("w", "l", started.id)


def plan_of(run: Run) -> EvaluationPlan:

    return evaluation.plan.load("w", "l", run.id)


def emptied() -> list[BatchJob]:
    """The jobs in the queue, taken out."""
    sqs, url, jobs = boto3.client("sqs"), settings.required("GERO_EVALUATION_QUEUE_URL"), []
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        for one in found:
            jobs.append(BatchJob.decode(one["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    return jobs


def test_a_paused_run_keeps_its_leaderboard_and_wants_no_batch(run: Run) -> None:
    job = job_of(plan_of(run))
    assert rounds.is_wanted(job)
    assert runs.pause(job, "it has spent what it may")
    assert not runs.pause(job, "again")
    found = runs.get("w", "l", run.id)
    assert (found.status, found.waits_for, found.active) == ("paused", "it has spent what it may", True)
    assert not rounds.is_wanted(job)
    with pytest.raises(Conflict, match="already has an active run"):
        runs.start("w", "l", source="manual", configuration={})


def test_resuming_sends_what_is_not_done_and_what_was_sent_before_is_not_wanted(run: Run) -> None:
    plan = plan_of(run)
    old = job_of(plan)
    runs.pause(old, "why")
    going = runs.resume(runs.get("w", "l", run.id), 500)
    assert (going.status, going.max_cost_nanos, going.waits_for, going.epoch) == ("running", 500, None, 1)
    jobs = emptied()
    assert {(job.block, job.candidate_id, job.epoch, job.parts) for job in jobs} == {
        (block, name, 1, 1) for block in (0, 1) for name in ("a", "b")
    }
    assert not rounds.is_wanted(old)
    assert rounds.is_wanted(jobs[0])
    assert not runs.pause(old, "a worker of before"), "it must not stop what somebody just let go on"
    with pytest.raises(Conflict, match="not paused but running"):
        runs.resume(going, None)


def test_a_limit_below_what_was_spent_is_refused(run: Run) -> None:
    runs.pause(job_of(plan_of(run)), "why")
    table.update(f"WS#w#RUN#{run.id}", "SPENT", Changes(set={"granted": 90}))
    paused = runs.get("w", "l", run.id)
    assert runs.progress(paused).cost_nanos == 90
    with pytest.raises(Invalid, match="max_cost_usd: the run has spent"):
        runs.resume(paused, 90)
    assert runs.resume(paused, None).max_cost_nanos is None


def test_a_resumption_that_died_half_way_is_finished_by_the_next_tick(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.pause(job_of(plan_of(run)), "why")

    def dies(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(rounds, "dispatch_rest", dies)
        with pytest.raises(KeyboardInterrupt):
            runs.resume(runs.get("w", "l", run.id), None)
    assert emptied() == []
    monkeypatch.setattr("gero.kit.workflows.status", lambda name: "RUNNING")
    assert runs.look_after() == 1
    assert len(emptied()) == 4
    runs.look_after()
    assert emptied() == []


def test_a_run_that_does_not_move_is_sent_again_and_at_last_ended(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gero.kit.workflows.status", lambda name: "RUNNING")
    key = ("WS#w#LB#l", f"RUN#{run.id}")

    def look(hours: int) -> list[BatchJob]:
        moved = {"moved_at": f"2026-01-01T{hours:02}:00:00.000Z"} if hours >= 0 else {}
        table.update(*key, Changes(set={"due_at": "2026-01-01T00:00:00.000Z", **moved}))
        runs.look_after()
        return emptied()

    assert look(-1) == []

    monkeypatch.setattr("gero.kit.clock.now", lambda: datetime(2026, 1, 1, 23, 30, tzinfo=UTC))
    assert look(23) == []
    assert len(look(22)) == 4
    monkeypatch.setattr("gero.kit.clock.now", lambda: datetime(2026, 1, 2, 23, 30, tzinfo=UTC))
    look(22)
    ended = runs.get("w", "l", run.id)
    assert (ended.status, "no row was evaluated for 24 hours" in str(ended.error)) == ("failed", True)


def test_how_far_a_batch_is_is_not_shown_any_more_when_it_is_done(run: Run) -> None:

    job = job_of(plan_of(run))
    rounds.report(job, Tally(2, 0, 7))
    assert runs.progress(runs.get("w", "l", run.id)).cells_done == 2
    rounds.take(job, finished(job))
    rounds.report(job, Tally(2, 0, 7))
    assert runs.progress(runs.get("w", "l", run.id)).cells_done == 3
