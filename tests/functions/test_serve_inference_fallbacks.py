import time
from typing import Any

import httpx
import pytest

from functions.finish_run.handler import handler as finish_run
from functions.serve_inference import attempts
from gero import leaderboards
from gero.leaderboards import LeaderboardPatch
from gero.providers import Endpoint, serving
from gero.providers.breaker import FAILURES
from gero.providers.target import Target
from tests.functions.conftest import Ready
from tests.functions.context import Context
from tests.functions.serving import path, sent_messages, sent_trace
from tests.functions.workflow import finished, ranked
from tests.model_server import chunk


def ask(endpoint: httpx.Client, ready: Ready, **fields: Any) -> httpx.Response:
    return endpoint.post(path(ready), json={"input": "Where is my parcel?"} | fields)


def failing(ready: Ready, status: int) -> None:
    ready.models.fault = lambda model, prompt, attempt: status if model == "good" else 200


@pytest.mark.parametrize("status", [429, 500, 503, 401, 402])
@pytest.mark.parametrize("stream", [False, True])
def test_when_production_fails_the_next_in_the_ranking_answers_and_it_is_told(
    endpoint: httpx.Client, ready: Ready, status: int, stream: bool
) -> None:
    finished(ready)
    failing(ready, status)
    answer = ask(endpoint, ready, stream=stream)
    assert answer.status_code == 200
    assert "billing" in answer.text
    assert answer.headers["X-Dr.Gero-Model-Id"] == ready.bad
    assert f"({status})" in answer.headers["X-Dr.Gero-Fallback"]
    trace = sent_trace()
    assert (trace.model_id, trace.fallback_for, trace.error) == (ready.bad, ready.good, None)


def test_a_model_that_nobody_can_reach_or_that_is_too_slow_is_stood_in_for(
    endpoint: httpx.Client, ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(ready)
    ready.models.answer = lambda model, prompt: time.sleep(1.5 if model == "good" else 0) or "late"  # type: ignore[func-returns-value]
    monkeypatch.setattr("functions.serve_inference.answering.Answering._patience", lambda self, target: 0.3)
    answer = ask(endpoint, ready)
    assert (answer.status_code, answer.headers["X-Dr.Gero-Model-Id"]) == (200, ready.bad)


def test_without_fallbacks_the_failure_is_told(endpoint: httpx.Client, ready: Ready) -> None:
    finished(ready)
    none = LeaderboardPatch.model_validate({"inference": {"fallbacks": 0}})
    leaderboards.patch(ready.workspace, ready.leaderboard.id, none)
    failing(ready, 500)
    assert ask(endpoint, ready).status_code == 502


def test_when_all_fail_the_failure_of_production_is_told(endpoint: httpx.Client, ready: Ready) -> None:
    finished(ready)
    ready.models.fault = lambda model, prompt, attempt: 500 if model == "good" else 429
    answer = ask(endpoint, ready)
    assert (answer.status_code, answer.json()["details"]["provider_status"]) == (502, 500)


def test_an_endpoint_that_keeps_failing_is_not_asked_for_a_while(endpoint: httpx.Client, ready: Ready) -> None:
    finished(ready)
    failing(ready, 500)
    for _ in range(FAILURES):
        assert ask(endpoint, ready).status_code == 200
    before = len(ready.models.requests)
    answer = ask(endpoint, ready)
    assert answer.headers["X-Dr.Gero-Fallback"] == "circuit open"
    assert [one["body"]["model"] for one in ready.models.requests[before:]] == ["bad"]
    sent_messages(FAILURES + 1)


def test_with_hedging_the_faster_answer_wins_and_the_slower_call_is_ended(endpoint: httpx.Client, ready: Ready) -> None:
    finished(ready)
    hedged = LeaderboardPatch.model_validate({"inference": {"hedge_after_ms": 50}})
    leaderboards.patch(ready.workspace, ready.leaderboard.id, hedged)
    ready.models.answer = lambda model, prompt: time.sleep(3 if model == "good" else 0) or model  # type: ignore[func-returns-value]
    started = time.monotonic()
    answer = ask(endpoint, ready)
    assert (answer.json()["output"], answer.headers["X-Dr.Gero-Fallback"]) == ("bad", "hedged")
    assert time.monotonic() - started < 2.5
    ready.models.answer = lambda model, prompt: model
    before = len(ready.models.requests)
    answer = ask(endpoint, ready)
    assert (answer.json()["output"], len(ready.models.requests) - before) == ("good", 1)


def test_when_the_hedge_fails_first_production_answers_as_itself(endpoint: httpx.Client, ready: Ready) -> None:
    finished(ready)
    hedged = LeaderboardPatch.model_validate({"inference": {"hedge_after_ms": 50}})
    leaderboards.patch(ready.workspace, ready.leaderboard.id, hedged)
    ready.models.answer = lambda model, prompt: time.sleep(0.5 if model == "good" else 0) or model  # type: ignore[func-returns-value]
    ready.models.fault = lambda model, prompt, attempt: 500 if model == "bad" else 200
    answer = ask(endpoint, ready)
    assert (answer.json()["output"], answer.json()["fallback"]) == ("good", False)
    assert "X-Dr.Gero-Fallback" not in answer.headers


def test_streams_that_break_off_again_and_again_open_the_circuit_too(endpoint: httpx.Client, ready: Ready) -> None:
    finished(ready)
    ready.models.events = lambda model, prompt: (
        [chunk(model, choices=[{"index": 0, "delta": {"content": "half"}}])]
        if model == "good"
        else ready.models._events(model, prompt)
    )
    for _ in range(FAILURES):
        assert "broke off" in ask(endpoint, ready, stream=True).text
    assert ask(endpoint, ready, stream=True).headers["X-Dr.Gero-Fallback"] == "circuit open"


def test_one_workspaces_trouble_is_not_anothers() -> None:
    target = Target("c", "n", "p", Endpoint("openrouter", "https://a", model="m", integration="openrouter"))
    assert attempts.circuit("one", target) != attempts.circuit("two", target)


def test_a_candidate_that_was_removed_is_no_fallback(endpoint: httpx.Client, ready: Ready) -> None:
    finished(ready)
    leaderboards.candidates.remove(ready.workspace, ready.leaderboard.id, ready.bad)
    failing(ready, 500)
    assert ask(endpoint, ready).status_code == 502


def test_a_candidate_that_is_removed_during_a_run_does_not_come_back_with_its_end(ready: Ready) -> None:
    run = ranked(ready)
    leaderboards.candidates.remove(ready.workspace, ready.leaderboard.id, ready.bad)
    finish_run(ready.event("finish_run", "ranked", run=run.id), Context())
    served = serving.of_leaderboard(ready.workspace, ready.leaderboard.id)
    assert isinstance(served, serving.Serving)
    assert served.others == ()
