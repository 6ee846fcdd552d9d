import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gero.evaluation.checkpoint import Checkpoint
from gero.evaluation.fan_out import FanOut
from gero.providers import Pace
from gero.traces import SCORE_SCALE
from tests.gero.plans import job_of, some_rows, stored_plan
from tests.model_server import ModelServer


def truth(model: str, prompt: str) -> str:
    return prompt.removeprefix("Say input ")


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(truth).running() as running:
        yield running


@pytest.fixture(autouse=True)
def _small_and_hasty(cloud: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("gero.providers.call._BACKOFF_SECONDS", 0.0001)


async def fan_out(
    server: ModelServer, rows: int, *, in_flight: int = 4, seconds: float = 1000
) -> tuple[bool, Checkpoint]:
    plan = stored_plan(rows=rows, url=server.url, in_flight=in_flight)
    checkpoint = Checkpoint(job_of(plan), redelivered=False)
    work = FanOut(plan, plan.candidates[0], {"Content-Type": "application/json"}, Pace(in_flight))
    done = await work.run(some_rows(rows), checkpoint, time.monotonic() + seconds)
    return done, checkpoint


async def test_every_row_is_asked_once_and_scored(server: ModelServer) -> None:
    server.answer = lambda model, prompt: "wrong" if prompt.endswith(" 3") else truth(model, prompt)
    done, checkpoint = await fan_out(server, 20)
    assert done
    assert set(server.asked.values()) == {1}
    assert {name for name, one in checkpoint.answered.items() if one.score == 0} == {"r3"}
    one = checkpoint.answered["r5"]
    assert (one.output, one.score, one.tokens_in, one.attempts) == ("5", SCORE_SCALE, 20, 1)
    assert one.latency_ms is not None


@pytest.mark.parametrize("in_flight", [1, 3])
async def test_no_more_calls_are_in_flight_than_allowed_and_all_of_them_are_used(
    server: ModelServer, in_flight: int
) -> None:
    inside, most, lock = [0], [0], threading.Lock()

    def answer(model: str, prompt: str) -> str:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        time.sleep(0.01)
        with lock:
            inside[0] -= 1
        return truth(model, prompt)

    server.answer = answer
    await fan_out(server, 15, in_flight=in_flight)
    assert most[0] == in_flight


async def test_a_model_that_fails_for_good_scores_zero_and_counts_as_an_error(server: ModelServer) -> None:
    server.fault = lambda model, prompt, attempt: 400 if prompt.endswith(" 2") else 200
    done, checkpoint = await fan_out(server, 4)
    failed = checkpoint.answered["r2"]
    assert done
    assert (failed.score, failed.output, failed.latency_ms, failed.cost_nanos) == (0, None, None, 0)
    assert failed.error == "the endpoint answered 400: told to fail"
    assert checkpoint.answered["r1"].error is None


async def test_a_passing_failure_is_overcome_and_its_tries_are_noted(server: ModelServer) -> None:
    server.fault = lambda model, prompt, attempt: 503 if attempt < 3 else 200
    _, checkpoint = await fan_out(server, 3)
    assert {(one.score, one.attempts) for one in checkpoint.answered.values()} == {(SCORE_SCALE, 3)}


async def test_an_answer_that_is_no_answer_is_the_models_failure_and_not_ours(server: ModelServer) -> None:
    server.raw = lambda model: ("application/json", b"[" * 100_000)
    done, checkpoint = await fan_out(server, 2)
    assert done
    assert all(one.score == 0 and one.error for one in checkpoint.answered.values())


async def test_no_row_is_started_that_may_not_end_in_time(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    done, checkpoint = await fan_out(server, 3, seconds=1)
    assert (done, checkpoint.answered, sum(server.asked.values())) == (False, {}, 0)
    monkeypatch.setattr("gero.providers.call.PATIENCE_SECONDS", 0.1)
    server.latency_seconds = 0.05
    done, checkpoint = await fan_out(server, 50, in_flight=2, seconds=0.4)
    assert not done
    assert 2 <= len(checkpoint.answered) < 50
    assert sum(server.asked.values()) == len(checkpoint.answered)  # what was started was finished


async def test_what_is_known_is_not_asked_again(server: ModelServer) -> None:
    plan = stored_plan(rows=6, url=server.url)
    work = FanOut(plan, plan.candidates[0], {}, Pace(plan.in_flight))
    checkpoint = Checkpoint(job_of(plan), redelivered=False)
    await work.run(some_rows(4), checkpoint, time.monotonic() + 1000)
    again = Checkpoint(job_of(plan), redelivered=False)
    assert await work.run(some_rows(6), again, time.monotonic() + 1000)
    assert (len(server.asked), server.repeated) == (6, 0)


async def test_an_endpoint_that_refuses_its_first_calls_is_not_asked_the_dataset(server: ModelServer) -> None:
    server.fault = lambda model, prompt, attempt: 401
    done, checkpoint = await fan_out(server, 40)
    answered = checkpoint.answered.values()
    assert done, "every row is accounted for"
    assert len(server.requests) <= 8
    not_asked = [one for one in answered if one.attempts == 0]
    assert len(not_asked) == 40 - len(server.requests)
    assert {one.score for one in not_asked} == {None}, "what was never asked is no wrong answer"
    assert {one.score for one in answered if one.attempts} == {0}
    assert all(str(one.error).startswith("not asked: the endpoint answered 401: told to fail") for one in not_asked)


async def test_rows_that_were_one_too_many_come_back_and_none_is_lost(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gero.providers.call.PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr("gero.providers.pace._PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("gero.providers.pace._MAX_PAUSE_SECONDS", 0.06)
    server.fault = lambda model, prompt, attempt: 429 if attempt <= 4 else 200
    done, checkpoint = await fan_out(server, 30)
    assert done
    assert {one.score for one in checkpoint.answered.values()} == {SCORE_SCALE}
    assert server.repeated == 0


def never_taken(own: list[int], answers: int, refused_of_others: int) -> bool:
    """Whether a row that was put back so many times, each after so many refusals, is given up on, when others met so
    much meanwhile.
    """
    plan = stored_plan()
    work = FanOut(plan, plan.candidates[0], {}, Pace(4))
    health, row = work._pace.health, some_rows(1)[0]
    health.answers, health.refusals = 5_000, 100
    found = False
    for number, refusals in enumerate(own):
        health.refusals += refusals
        found = work._is_never_taken(row, refusals)
        if number == 0:
            health.answers += answers
            health.refusals += refused_of_others
    return found


def test_a_row_that_is_refused_again_and_again_while_others_are_answered_ends() -> None:
    assert never_taken([12, 12], answers=50, refused_of_others=10)
    assert not never_taken([5, 5], answers=50, refused_of_others=10), "not often enough"
    assert not never_taken([12, 12], answers=0, refused_of_others=0), "nobody was answered"
    assert not never_taken([12, 12], answers=50, refused_of_others=400), "others are refused as well"
    assert not never_taken([0, 0], answers=50, refused_of_others=0), "it waited for an endpoint that woke up"


async def test_rows_that_met_a_used_up_quota_are_no_wrong_answers(server: ModelServer) -> None:
    server.fault = lambda model, prompt, attempt: 402 if prompt.endswith((" 18", " 19")) else 200
    done, checkpoint = await fan_out(server, 20)
    assert done
    left = [one for one in checkpoint.answered.values() if one.attempts == 0]
    assert [(one.score, str(one.error)[:33]) for one in left] == [(None, "not asked: the endpoint answered ")] * 2
