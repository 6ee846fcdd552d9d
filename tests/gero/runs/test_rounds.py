import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from gero import evaluation, runs, traces
from gero.evaluation import BatchJob, BatchStatistics, EvaluationPlan, Finished, pack_scores
from gero.kit import Unavailable, aws, table, workflows
from gero.runs import rounds
from tests.gero.faults import Faults
from tests.gero.plans import job_of, stored_plan


@pytest.fixture
def plan(cloud: None) -> EvaluationPlan:
    run = runs.start("w", "l", source="manual", configuration={})
    return stored_plan(run_id=run.id, rows=7)


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The task tokens that were told of success: moto's interpreter has no tasks that wait."""
    found: list[str] = []
    monkeypatch.setattr(workflows, "succeed_task", found.append)
    return found


def dispatch(plan: EvaluationPlan, number: int = 1, token: str = "token") -> int:
    return rounds.dispatch(plan, number, token, os.environ["GERO_EVALUATION_QUEUE_URL"])


def sent() -> list[BatchJob]:
    found: list[BatchJob] = []
    url = os.environ["GERO_EVALUATION_QUEUE_URL"]
    while batch := aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [BatchJob.decode(message["Body"]) for message in batch]
    return found


def finished(job: BatchJob, rows: int = 3, error: str | None = None) -> Finished:
    scores = pack_scores([0] * rows)
    statistics = BatchStatistics(
        job.candidate_id, job.round, job.block, rows, scores, n_errors=rows if error else 0, cost_nanos=5, paid_nanos=5
    )
    return Finished(f"results/{job.name}", statistics.n_rows, statistics, error)


def round_item(plan: EvaluationPlan, number: int = 1) -> dict[str, int]:
    return table.get(f"WS#w#RUN#{plan.run_id}", f"ROUND#{number:03}") or {}


def test_a_round_sends_each_of_its_batches_once(plan: EvaluationPlan, woken: list[str]) -> None:
    assert dispatch(plan) == 4
    jobs = sent()
    assert sorted((job.block, job.candidate_id) for job in jobs) == [(0, "a"), (0, "b"), (1, "a"), (1, "b")]
    assert {(job.run_id, job.round, job.parts) for job in jobs} == {(plan.run_id, 1, 0)}
    assert dispatch(plan, 2) == 2
    assert {(job.block, job.round) for job in sent()} == {(2, 2)}
    assert woken == []


def test_the_last_batch_wakes_the_workflow_and_no_other_does(plan: EvaluationPlan, woken: list[str]) -> None:
    dispatch(plan)
    for number, job in enumerate(sent(), start=1):
        rounds.take(job, finished(job))
        assert woken == ["token"] * (number == 4)


def test_a_redelivered_batch_changes_nothing(plan: EvaluationPlan, woken: list[str]) -> None:
    dispatch(plan)
    job = job_of(plan)
    assert rounds.is_wanted(job)
    rounds.take(job, finished(job))
    before = round_item(plan)
    assert not rounds.is_wanted(job)
    rounds.take(job, finished(job, error="another outcome"))
    assert round_item(plan) == before
    assert (before["done"], before["cells_done"], before["errors"], before["cost_nanos"]) == (1, 3, 0, 5)
    assert len(list(table.query("WS#w#LB#l", "TRACES#"))) == 1
    assert [error for _, error in rounds.batches("w", plan.run_id, 1)] == [None]


def test_a_redelivery_after_the_last_batch_wakes_again_in_case_the_first_call_was_lost(
    plan: EvaluationPlan, woken: list[str]
) -> None:
    dispatch(plan)
    jobs = sent()
    for job in [*jobs, jobs[0]]:
        rounds.take(job, finished(job))
    assert woken == ["token", "token"]


@pytest.mark.usefixtures("atomic_cloud")
def test_batches_taken_at_once_are_each_counted_once(plan: EvaluationPlan, woken: list[str]) -> None:
    dispatch(plan)
    jobs = sent()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda job: rounds.take(job, finished(job)), jobs * 4))
    assert (round_item(plan)["done"], round_item(plan)["cells_done"]) == (4, 12)
    assert woken


def test_a_batch_given_up_is_counted_once_and_says_why(plan: EvaluationPlan, woken: list[str]) -> None:
    dispatch(plan)
    job = job_of(plan)
    rounds.take(job, evaluation.salvage(job), abandoned="gave up")
    rounds.take(job, finished(job))  # a late worker
    ((statistics, error),) = rounds.batches("w", plan.run_id, 1)
    assert (statistics.row_scores(), error) == ([None, None, None], "gave up")


def test_results_come_in_the_order_of_their_blocks(plan: EvaluationPlan) -> None:
    dispatch(plan)
    for job in sorted(sent(), key=lambda job: job.name, reverse=True):
        rounds.take(job, finished(job))
    found = [(one.block, one.candidate_id) for one, _ in rounds.batches("w", plan.run_id, 1)]
    assert found == [(0, "a"), (0, "b"), (1, "a"), (1, "b")]
    assert list(rounds.batches("w", plan.run_id, 2)) == []


def test_dispatching_again_goes_on_behind_what_was_sent_and_wakes_with_the_new_token(
    plan: EvaluationPlan, woken: list[str], monkeypatch: pytest.MonkeyPatch, faults: Faults
) -> None:
    monkeypatch.setattr(rounds, "_SENT_AT_ONCE", 3)
    monkeypatch.setattr("random.uniform", lambda low, high: 0.0)
    refused = {"Failed": [{"Id": "0", "SenderFault": False, "Code": "InternalError"}]}
    faults.answer("sqs", "SendMessageBatch", 1000, lambda _: refused, after=1)
    with pytest.raises(Unavailable):
        dispatch(plan, token="first")
    faults.close()
    first = sent()
    assert dispatch(plan, token="second") == 4
    rest = sent()
    assert (len(first), len(rest)) == (3, 1)
    for job in [*first, *rest]:
        rounds.take(job, finished(job))
    assert woken == ["second"]


def test_dispatching_a_round_that_is_complete_wakes_at_once(plan: EvaluationPlan, woken: list[str]) -> None:
    dispatch(plan, token="first")
    for job in sent():
        rounds.take(job, finished(job))
    dispatch(plan, token="second")
    assert sent() == []
    assert woken == ["first", "second"]


def test_batches_of_an_ended_or_unknown_run_are_not_wanted(plan: EvaluationPlan) -> None:
    dispatch(plan)
    job = job_of(plan)
    runs.cancel(runs.get("w", "l", plan.run_id))
    assert not rounds.is_wanted(job)
    assert not rounds.is_wanted(BatchJob("w", "l", "another", 1, 0, "a"))


def test_a_batch_of_a_round_that_was_swept_away_leaves_nothing(plan: EvaluationPlan, woken: list[str]) -> None:
    job = job_of(plan)
    rounds.take(job, finished(job))
    assert list(table.query(f"WS#w#RUN#{plan.run_id}")) == []
    assert woken == []


def test_the_traces_of_a_run_are_found_when_its_batches_are_taken(plan: EvaluationPlan) -> None:
    dispatch(plan)
    job = job_of(plan)
    answered = {f"r{n}": traces.Trace(f"t{n}", "run", "now", row_id=f"r{n}", score=0) for n in range(3)}
    rows = evaluation.plan.load_block(plan, 0)
    key = evaluation.results.save(job, rows, answered)
    rounds.take(job, Finished(key, len(answered), evaluation.results.statistics(job, rows, answered), None))
    page = traces.find("w", "l", limit=10, offset=0, batch_limit=5, run_id=plan.run_id)
    assert [one.row_id for one in page.traces] == ["r2", "r1", "r0"]
