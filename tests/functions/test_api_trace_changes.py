"""Traces that people record, and feedback on traces."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from gero import access, datasets, leaderboards, traces
from gero.kit import clock, new_id
from gero.leaderboards import LeaderboardInput, LeaderboardPatch
from gero.traces import Trace
from tests.functions.pushing import Pushing, consolidated
from tests.gero.leaderboards.boards import URL


@pytest.fixture
def api(pushing: Pushing) -> Iterator[TestClient]:
    with TestClient(create_app(), headers={"Authorization": f"Bearer {pushing.token}"}) as client:
        yield client


def path(pushing: Pushing, rest: str = "") -> str:
    return f"/v1/leaderboard/{pushing.leaderboard.id}/traces{rest}"


def shown(api: TestClient, pushing: Pushing, **query: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = api.get(path(pushing), params={"format": "json", **query}).json()["rows"]
    return rows


def traced(pushing: Pushing, leaderboard_id: str | None = None, **fields: Any) -> str:
    trace = Trace(new_id(), "inference", clock.iso(), **({"input": "asked", "output": "told"} | fields))
    traces.record_all(pushing.workspace, leaderboard_id or pushing.leaderboard.id, "inference", [trace])
    return trace.trace_id


def settings(pushing: Pushing, **fields: Any) -> None:
    wanted = LeaderboardPatch.model_validate({"traces": fields})
    leaderboards.patch(pushing.workspace, pushing.leaderboard.id, wanted)


WHOLE = {
    "id": "ticket:17",
    "input": "Where is my parcel?",
    "output": "It is late",
    "model": "gpt-x",
    "expected": "shipping",
    "score": 0.25,
    "latency_ms": 120.5,
    "tokens_in": 7,
    "tokens_out": 9,
    "cost_usd": 0.0015,
    "metadata": {"team": {"name": "a"}},
    "created_at": "2026-02-01T10:00:00+01:00",
}


def test_one_trace_is_recorded_with_all_that_it_says(api: TestClient, pushing: Pushing) -> None:
    answer = api.post(path(pushing), json=WHOLE)
    assert answer.status_code == 201, answer.text
    assert answer.json() == {"ids": ["ticket:17"], "recorded": 1, "duplicates": 0, "rejected": 0, "rejections": []}
    (row,) = shown(api, pushing, source="manual")
    same = {name: row[name] for name in WHOLE if name not in ("id", "expected", "created_at")}
    assert same == {name: WHOLE[name] for name in same}
    assert (row["trace_id"], row["expected"], row["source"]) == ("ticket:17", ["shipping"], "manual")
    assert (row["created_at"], row["content"]) == ("2026-02-01T09:00:00.000Z", "kept")
    assert row["token_id"]
    assert api.get(path(pushing, "/ticket:17")).json() == row


def test_many_are_recorded_at_once_and_those_that_are_none_are_told(api: TestClient, pushing: Pushing) -> None:
    wanted = [
        {"input": "a", "score": True},
        {"output": "no question"},
        {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": [{"text": "b"}]}]},
        {"input": "c", "score": 1.5},
        {"input": "d", "nonsense": 1},
        7,
        {"input": "e", "created_at": "2099-01-01T00:00:00Z"},
        {"id": "x y", "input": "f"},
        {"id": "one", "input": "g"},
        {"id": "one", "input": "h"},
    ]
    answer = api.post(f"/api/leaderboards/{pushing.leaderboard.id}/traces", json={"traces": wanted})
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["recorded"], told["duplicates"], told["rejected"]) == (3, 1, 6)
    assert [(one["index"], one["field"]) for one in told["rejections"]] == [
        *((1, "input"), (3, "score"), (4, "nonsense"), (5, None), (6, "created_at"), (7, "id"))
    ]
    assert all(one["error"] for one in told["rejections"])
    assert [bool(one) for one in told["ids"]] == [True, False, True, *[False] * 5, True, True]
    assert sorted(row["input"] for row in shown(api, pushing)) == ["a", "b", "g"]


def test_ids_make_a_request_repeatable(api: TestClient, pushing: Pushing) -> None:
    body = {"traces": [{"id": f"n{number}", "input": "first"} for number in range(3)]}
    assert api.post(path(pushing), json=body).json()["recorded"] == 3
    again = api.post(path(pushing), json={"traces": [*body["traces"], {"id": "n3", "input": "new"}]}).json()
    assert (again["recorded"], again["duplicates"], again["ids"]) == (1, 3, ["n0", "n1", "n2", "n3"])
    assert len(shown(api, pushing)) == 4


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "input"),
        ({"input": ""}, "input"),
        ({"input": "x", "latency_ms": -1}, "latency_ms"),
        ({"input": "x", "cost_usd": "much"}, "cost_usd"),
        ({"input": "x", "metadata": [1]}, "metadata"),
        ({"messages": [{"content": "no role"}]}, "messages"),
        ({"traces": []}, "traces"),
        ({"traces": "x"}, "traces"),
        ({"traces": [{"input": "x"}] * 501}, "traces"),
        ({"traces": [{"input": "x"}], "model": "m"}, "model"),
    ],
)
def test_a_body_that_is_no_trace_is_refused_by_its_field(
    api: TestClient, pushing: Pushing, body: Any, field: str
) -> None:
    answer = api.post(path(pushing), json=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{field}: ")


def test_a_score_that_is_null_is_no_score(api: TestClient, pushing: Pushing) -> None:
    place = path(pushing, f"/{traced(pushing)}/feedback")
    told = api.post(place, json={"score": None, "comment": "fine"})
    assert told.status_code == 200, told.text
    assert told.json()["feedback"]["score"] is None
    assert api.post(place, json={"score": 2}).status_code == 400


def test_what_cannot_be_stored_is_refused_too(api: TestClient, pushing: Pushing) -> None:
    deep: Any = 1
    for _ in range(60):
        deep = [deep]
    for metadata in ({"deep": deep}, {"long": "x" * 1_000_000}):
        answer = api.post(path(pushing), json={"input": "x", "metadata": metadata})
        assert (answer.status_code, answer.json()["error"].partition(":")[0]) == (400, "metadata")
    for text in ('{"input": "x", "metadata": {"half": "\\ud800"}}', '{"input": "\\ud800"}'):
        answer = api.post(path(pushing), content=text, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, text


def test_what_a_leaderboard_keeps_goes_for_recorded_traces_and_feedback(api: TestClient, pushing: Pushing) -> None:
    settings(pushing, redact=["email"], retention_days=7)
    api.post(path(pushing), json={"id": "a", "input": "I am ann@x.io", "metadata": {"m": "bo@x.io"}})
    row = api.get(path(pushing, "/a")).json()
    assert (row["input"], row["metadata"], row["content"]) == ("I am [email]", {"m": "[email]"}, "redacted")
    told = api.post(path(pushing, "/a/feedback"), json={"comment": "from cy@x.io"}).json()
    assert told["feedback"]["comment"] == "from [email]"
    settings(pushing, capture_content=False)
    api.post(path(pushing), json={"id": "b", "input": "secret", "output": "secret", "score": 1})
    row = api.get(path(pushing, "/b")).json()
    assert (row["input"], row["output"], row["score"], row["content"]) == ("", None, 1.0, "left out")
    told = api.post(path(pushing, "/b/feedback"), json={"score": "up", "comment": "nice", "corrected": "x"}).json()
    assert (told["feedback"]["score"], told["feedback"]["comment"]) == (1.0, None)
    assert (told["row"]["status"], told["row"]["code"]) == ("rejected", "content_not_kept")


@pytest.mark.parametrize(
    ("given", "score"), [(0.3, 0.3), (1, 1.0), (True, 1.0), (False, 0.0), ("up", 1.0), (" Down ", 0.0)]
)
def test_a_score_is_a_number_a_yes_or_no_or_a_thumb(
    api: TestClient, pushing: Pushing, given: Any, score: float
) -> None:
    one = traced(pushing)
    told = api.post(path(pushing, f"/{one}/feedback"), json={"score": given})
    assert (told.status_code, told.json()["feedback"]["score"], told.json()["row"]) == (200, score, None)
    assert api.get(path(pushing, f"/{one}")).json()["feedback"] == told.json()["feedback"]


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"score": 2}, {"score": "sideways"}, {"corrected": []}, {"corrected": ""}, {"corrected": 3}),
        *({"comment": ""}, {"nonsense": 1}, {"score": 0, "add_to_dataset": True}),
        {"corrected": "a", "expected": "b"},
    ],
)
def test_feedback_that_says_nothing_usable_is_refused(api: TestClient, pushing: Pushing, body: Any) -> None:
    answer = api.post(path(pushing, f"/{traced(pushing)}/feedback"), json=body)
    assert answer.status_code == 400
    assert answer.json()["error"].partition(":")[0].partition(".")[0] in {
        *("score", "corrected", "comment", "nonsense", "expected")
    }


def test_a_corrected_answer_becomes_a_row_once_and_the_latest_counts(api: TestClient, pushing: Pushing) -> None:
    one = traced(pushing)
    told = [
        api.post(path(pushing, f"/{one}/feedback"), json={"score": "down", "corrected": right}).json()
        for right in ("first", "first", ["right", "true"])
    ]
    assert [answer["row"]["status"] for answer in told] == ["accepted", "duplicate", "accepted"]
    assert told[-1]["row"]["row_id"] == one
    api.post(f"/api/leaderboards/{pushing.leaderboard.id}/dataset/consolidate")
    consolidated()
    version = datasets.latest_version(pushing.workspace, pushing.leaderboard.id)
    assert version
    (row,) = map(datasets.decode, datasets.read(version))
    assert (row.id, row.input, row.expected) == (one, "asked", ["right", "true"])
    assert row.origin["trace_id"] == one


def test_no_row_is_made_when_it_is_not_wanted_or_the_answer_was_right_when_it_is(
    api: TestClient, pushing: Pushing
) -> None:
    one, two = traced(pushing), traced(pushing)
    told = api.post(path(pushing, f"/{one}/feedback"), json={"corrected": "x", "add_to_dataset": False}).json()
    assert (told["row"], told["feedback"]["corrected"]) == (None, ["x"])
    told = api.post(path(pushing, f"/{two}/feedback"), json={"score": "up", "addToDataset": True}).json()
    assert told["row"]["status"] == "accepted"


def test_a_dataset_of_a_url_refuses_a_row_only_when_one_was_asked_for(api: TestClient, pushing: Pushing) -> None:
    wanted = {"name": "Read", "system_prompt": "Team?", "dataset_type": "GET", "dataset_url": URL}
    other = leaderboards.create(pushing.workspace, LeaderboardInput.model_validate(wanted))
    place = f"/v1/leaderboard/{other.id}/traces/{traced(pushing, other.id)}"
    told = api.post(f"{place}/feedback", json={"corrected": "x"})
    assert (told.status_code, told.json()["row"]) == (200, None)
    refused = api.post(f"{place}/feedback", json={"corrected": "y", "add_to_dataset": True})
    assert refused.status_code == 409
    assert api.get(place).json()["feedback"]["corrected"] == ["x"], "nothing of a refused request is kept"


def test_feedback_can_be_taken_back_and_asked_for(api: TestClient, pushing: Pushing) -> None:
    one, two = traced(pushing), traced(pushing)
    api.post(path(pushing, f"/{one}/feedback"), json={"score": 1})
    assert [row["trace_id"] for row in shown(api, pushing, has_feedback=True)] == [one]
    assert [row["trace_id"] for row in shown(api, pushing, has_feedback=False)] == [two]
    for _ in range(2):
        assert api.delete(path(pushing, f"/{one}/feedback")).status_code == 204
    assert shown(api, pushing, has_feedback=True) == []
    nowhere = api.post(path(pushing, f"/{new_id()}/feedback"), json={"score": 1})
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not_stored_yet")


def test_writing_needs_the_scope_and_the_workspace(api: TestClient, pushing: Pushing) -> None:
    one = traced(pushing)
    calls = (("POST", "", WHOLE), ("POST", f"/{one}/feedback", {"score": 1}), ("DELETE", f"/{one}/feedback", None))
    _, reader = access.tokens.create(pushing.workspace, "r", ["leaderboards:read"])
    for method, rest, body in calls:
        for token, status in ((reader, 403), (Pushing().token, 404), ("nobody", 401)):
            answer = api.request(method, path(pushing, rest), json=body, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == status, (method, rest, answer.text)
