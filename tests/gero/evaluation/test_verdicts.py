"""Batches that a judge scores, on real sockets: candidate and judge are models of one server."""

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gero import evaluation, traces
from gero.evaluation import BatchJob, Evaluation, EvaluationPlan, Finished, Halted, Judge
from gero.evaluation.checkpoint import Checkpoint
from gero.kit import blobs
from gero.providers import Endpoint
from gero.traces import SCORE_SCALE, Trace
from tests.gero.plans import job_of, stored_plan
from tests.model_server import ModelServer

GOOD = json.dumps({"reason": "it says what is expected", "score": 1})


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(answer).running() as running:
        yield running


@pytest.fixture(autouse=True)
def _own_disk(cloud: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("gero.providers.call._BACKOFF_SECONDS", 0.0001)


def answer(model: str, prompt: str) -> str:
    return verdict(prompt) if model == "judge" else prompt.removeprefix("Say input ")


def verdict(prompt: str) -> str:
    return GOOD


def planned(server: ModelServer, **judge: Any) -> EvaluationPlan:
    endpoint = Endpoint("custom", server.url, "judge", input_nanos_per_million=10**9)
    scoring = Evaluation("judge", judge=Judge("judge", endpoint, **{"audit_percent": 0, **judge}))
    return stored_plan(rows=6, url=server.url, evaluation=scoring)


async def work(job: BatchJob, redelivered: bool = False) -> Finished | None:
    return await evaluation.evaluate(
        job, redelivered=redelivered, deadline=time.monotonic() + 1000, keep_alive=lambda: None, every_seconds=60
    )


async def worked(job: BatchJob) -> tuple[Finished, list[Trace]]:
    finished = await work(job)
    assert finished is not None
    return finished, [traces.decode(line) for line in blobs.get_lines(finished.key)]


def asked_as(server: ModelServer, model: str) -> int:
    return sum(count for (name, _), count in server.asked.items() if name == model)


async def test_every_answer_is_judged_once_and_the_judge_is_paid_apart(server: ModelServer) -> None:
    finished, found = await worked(job_of(planned(server)))
    assert finished.statistics.row_scores() == [SCORE_SCALE] * 3
    assert (asked_as(server, "a"), asked_as(server, "judge")) == (3, 3)
    assert {one.reason for one in found} == {"it says what is expected"}
    assert finished.statistics.cost_nanos == 0
    assert finished.statistics.judge_nanos == sum(one.judge_cost_nanos for one in found) > 0
    sums = finished.statistics.judge
    assert sums is not None
    assert (sums.n_judged, sums.n_unjudged, sums.lengths, sums.scores) == (3, 0, 3, 3 * SCORE_SCALE)


async def test_a_judge_that_is_out_leaves_answers_unscored_and_not_wrong(server: ModelServer) -> None:
    server.fault = lambda model, prompt, attempt: 500 if model == "judge" else 200
    finished, found = await worked(job_of(planned(server)))
    assert finished.statistics.row_scores() == [None] * 3
    assert finished.statistics.n_errors == 0
    assert all(one.output and one.judge_error for one in found)
    assert str(finished.first_error).startswith("judge: ")
    assert finished.statistics.judge is not None
    assert finished.statistics.judge.n_unjudged == 3


async def test_a_judge_that_talks_nonsense_scores_nothing(server: ModelServer) -> None:
    server.answer = lambda model, prompt: "Ten out of ten!" if model == "judge" else "1"
    finished, _ = await worked(job_of(planned(server)))
    assert finished.statistics.row_scores() == [None] * 3
    assert asked_as(server, "judge") == 6, "once, and once more to repair it"


async def test_a_model_that_failed_is_not_judged_and_scores_zero(server: ModelServer) -> None:
    server.fault = lambda model, prompt, attempt: 400 if model == "a" and prompt.endswith(" 1") else 200
    finished, _ = await worked(job_of(planned(server)))
    assert sorted(finished.statistics.row_scores(), key=str) == [0, SCORE_SCALE, SCORE_SCALE]
    assert (finished.statistics.n_errors, asked_as(server, "judge")) == (1, 2)


async def test_a_batch_that_died_while_it_was_judged_asks_no_model_again(server: ModelServer) -> None:
    job = job_of(planned(server))
    checkpoint = Checkpoint(job, redelivered=False, judged=True)
    checkpoint.add_unjudged(Trace("t", "run", "now", row_id="r1", input="input 1", output="1", cost_nanos=7))
    checkpoint.close(forget=False)
    finished = await work(job, redelivered=True)
    assert finished is not None
    assert (asked_as(server, "a"), asked_as(server, "judge"), finished.statistics.cost_nanos) == (2, 3, 7)


async def test_pairs_are_compared_with_the_reference_whose_own_score_is_a_tie(server: ModelServer) -> None:
    server.answer = lambda model, prompt: (
        json.dumps({"reason": "A", "winner": "A"}) if model == "judge" else f"{model}: {prompt}"
    )
    plan = planned(server, mode="pairwise", reference_id="b")
    reference, found = await worked(job_of(plan, candidate_id="b"))
    assert reference.statistics.row_scores() == [SCORE_SCALE // 2] * 3
    assert all(one.judge is None for one in found)
    finished, _ = await worked(job_of(plan, candidate_id="a"))
    assert set(finished.statistics.row_scores()) <= {0, SCORE_SCALE}
    assert asked_as(server, "judge") == 3


async def test_a_pair_waits_for_the_reference_and_is_handed_back_without_it(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gero.evaluation.verdicts._LOOKS", 2)
    monkeypatch.setattr("gero.evaluation.verdicts._LOOK_SECONDS", 0.01)
    plan = planned(server, mode="pairwise", reference_id="b")
    job = job_of(plan, candidate_id="a")
    assert await work(job) is None
    assert (asked_as(server, "a"), asked_as(server, "judge")) == (3, 0)
    server.fault = lambda model, prompt, attempt: 400 if model == "b" and prompt.endswith(" 1") else 200
    await worked(job_of(plan, candidate_id="b"))
    server.answer = lambda model, prompt: json.dumps({"reason": "same", "winner": "tie"})
    finished = await work(replace(job, parts=1))
    assert finished is not None
    assert asked_as(server, "a") == 3
    scores = sorted(score or 0 for score in finished.statistics.row_scores())
    assert scores == [SCORE_SCALE // 2, SCORE_SCALE // 2, SCORE_SCALE], "the reference failed on one row"


async def test_a_reference_batch_that_nobody_could_finish_keeps_no_other_waiting(server: ModelServer) -> None:
    plan = planned(server, mode="pairwise", reference_id="b")
    evaluation.salvage(job_of(plan, candidate_id="b"))
    finished, found = await worked(job_of(plan, candidate_id="a"))
    assert finished.statistics.row_scores() == [None] * 3
    assert all("no answer to compare it with" in str(one.judge_error) for one in found)
    assert finished.statistics.judge is not None
    assert finished.statistics.judge.n_unjudged == 0, "that is not the judge's fault"


async def test_a_judge_whose_key_is_refused_halts_the_run_before_more_is_spent(server: ModelServer) -> None:
    plan = planned(server)
    server.fault = lambda model, prompt, attempt: 401 if model == "judge" else 200
    with pytest.raises(Halted, match="its judge gives no verdicts: the endpoint answered 401"):
        await work(job_of(plan))
    asked = asked_as(server, "a")
    with pytest.raises(Halted):
        await work(job_of(plan, block=1))
    assert asked_as(server, "a") == asked == 3, "no model is asked what nobody can judge"
    server.fault = lambda model, prompt, attempt: 200
    finished = await work(replace(job_of(plan), parts=1, epoch=1))
    assert finished is not None
    assert finished.statistics.row_scores() == [SCORE_SCALE] * 3
    assert asked_as(server, "a") == 3
