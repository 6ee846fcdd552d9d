from typing import Any

import pytest

from functions.shadow_requests.handler import handler
from gero import leaderboards, shadows, traces
from gero.shadows import Figures
from gero.traces import Trace
from tests.cloud import BUCKET
from tests.functions.conftest import Ready
from tests.functions.context import Context
from tests.functions.shadowing import requests_of, shadow_event
from tests.functions.workflow import finished

NOTHING_FAILED: dict[str, list[Any]] = {"batchItemFailures": []}


@pytest.fixture
def served(ready: Ready) -> Ready:
    """The leaderboard after a run: `good` serves, and `bad` is next."""
    finished(ready)
    ready.models.requests.clear()
    return ready


def figures(ready: Ready) -> Figures:
    (found,) = shadows.listed(ready.workspace, ready.leaderboard.id)
    return found


def counts(ready: Ready) -> dict[str, int]:
    return {name: sums.n_rows for name, sums in figures(ready).statistics.candidates.items()}


def recorded(ready: Ready) -> list[Trace]:
    page = traces.find(ready.workspace, ready.leaderboard.id, limit=10, offset=0, batch_limit=9, source="inference")
    return page.traces


def test_the_challenger_is_asked_what_production_was_and_both_are_counted(served: Ready, context: Context) -> None:
    event = shadow_event(served)
    assert handler(event, context) == NOTHING_FAILED
    asked = [one["body"] for one in served.models.requests]
    assert sorted(body["messages"][0]["content"] for body in asked) == [
        "Which team?\n\nThe app crashes",
        "Which team?\n\nWhere is my parcel?",
    ]
    assert {(body["model"], body["temperature"]) for body in asked} == {("bad", 0)}
    sums = figures(served).statistics
    assert counts(served) == {"production": 2, "challenger": 2}
    assert (sums.candidates["production"].cost_nanos, sums.candidates["challenger"].score_sum) == (63_000, 0)
    assert sums.pair("production", "challenger").n == 2


def test_what_the_challenger_answers_is_a_trace_that_names_the_request(served: Ready, context: Context) -> None:
    event = shadow_event(served)
    handler(event, context)
    asked = {one.trace_id: one for one in requests_of(event)}
    found = recorded(served)
    assert {one.shadow_of for one in found} == set(asked)
    for one in found:
        assert (one.model_id, one.output, one.score) == (served.bad, "billing", 0)
        assert one.input == asked[str(one.shadow_of)].input
        assert traces.by_ids(served.workspace, served.leaderboard.id, [one.trace_id])[one.trace_id] == one


def test_the_same_messages_again_change_nothing_and_ask_nobody(served: Ready, context: Context) -> None:
    event = shadow_event(served)
    handler(event, context)
    before = figures(served)
    served.models.requests.clear()
    assert handler(event, context) == NOTHING_FAILED
    assert figures(served) == before
    assert served.models.requests == []
    assert len(recorded(served)) == 2


def test_a_message_that_comes_again_in_another_batch_counts_once(served: Ready, context: Context) -> None:
    first, second = shadow_event(served), shadow_event(served)
    handler(first, context)
    second["Records"].append(first["Records"][0])
    handler(second, context)
    assert counts(served) == {"production": 4, "challenger": 4}


def test_a_request_that_waited_too_long_is_dropped_and_counted_as_late(served: Ready, context: Context) -> None:
    assert handler(shadow_event(served, asked_at="2026-01-01T00:00:00.000Z"), context) == NOTHING_FAILED
    assert served.models.requests == []
    assert (figures(served).late, figures(served).statistics.candidates) == (2, {})


def test_a_challenger_that_fails_scores_nothing_and_a_full_server_says_nothing_of_it(
    served: Ready, context: Context
) -> None:
    served.models.fault = lambda model, prompt, attempt: 500 if "parcel" in prompt else 429
    assert handler(shadow_event(served), context) == NOTHING_FAILED
    found = figures(served)
    challenger = found.statistics.candidates["challenger"]
    assert (challenger.n_rows, challenger.n_errors, challenger.n_scored, challenger.score_sum) == (1, 1, 1, 0)
    assert found.not_taken == 1
    assert "told to fail" in str(found.latest_error)
    assert sorted(one.attempts for one in recorded(served)) == [0, 1]


def test_a_message_that_cannot_be_read_is_reported_and_the_others_are_counted(served: Ready, context: Context) -> None:
    event = shadow_event(served)
    event["Records"][0]["body"] = "{}"
    assert handler(event, context) == {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]}
    assert counts(served)["challenger"] == 1


def test_when_the_bucket_is_out_of_reach_the_messages_stay_and_count_once_later(
    served: Ready, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = shadow_event(served)
    monkeypatch.setenv("GERO_BUCKET", "no-such-bucket")
    assert len(handler(event, context)["batchItemFailures"]) == 2
    assert shadows.listed(served.workspace, served.leaderboard.id) == []
    monkeypatch.setenv("GERO_BUCKET", BUCKET)
    assert handler(event, context) == NOTHING_FAILED
    assert counts(served) == {"production": 2, "challenger": 2}


def test_requests_of_a_leaderboard_that_was_deleted_are_dropped(served: Ready, context: Context) -> None:
    event = shadow_event(served)
    leaderboards.delete(served.workspace, served.leaderboard.id)
    assert handler(event, context) == NOTHING_FAILED
    assert shadows.listed(served.workspace, served.leaderboard.id) == []
    assert served.models.requests == []


def test_requests_that_another_model_answered_are_dropped(served: Ready, context: Context) -> None:
    assert handler(shadow_event(served, production_id=served.bad), context) == NOTHING_FAILED
    assert shadows.listed(served.workspace, served.leaderboard.id) == []
