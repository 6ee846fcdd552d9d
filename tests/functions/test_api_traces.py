"""Traces through the API: lists and single ones."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from gero import leaderboards, models, traces
from gero.kit import clock, new_id
from gero.leaderboards import LeaderboardPatch
from gero.traces import Trace
from tests.functions.pushing import Pushing
from tests.gero.traces import made


@pytest.fixture
def api(pushing: Pushing) -> Iterator[TestClient]:
    with TestClient(create_app(), headers={"Authorization": f"Bearer {pushing.token}"}) as client:
        yield client


def path(pushing: Pushing, rest: str = "") -> str:
    return f"/v1/leaderboard/{pushing.leaderboard.id}/traces{rest}"


def record(pushing: Pushing, *minutes: float, owner: str | None = None, **fields: Any) -> list[Trace]:
    found = [made.trace(minute, **fields) for minute in minutes]
    traces.record_all(pushing.workspace, owner or pushing.leaderboard.id, found[0].source, found)
    return found


def shown(api: TestClient, pushing: Pushing, **query: Any) -> dict[str, Any]:
    answer = api.get(path(pushing), params={"format": "json", **query})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def minutes(body: dict[str, Any]) -> list[str]:
    return [row["input"].removeprefix("asked at ") for row in body["rows"]]


def test_the_body_tells_what_is_documented(api: TestClient, pushing: Pushing) -> None:
    record(pushing, 0, 1, output="told", score=500_000, cost_nanos=2_000_000)
    body = shown(api, pushing, limit=1)
    counted = {name: body[name] for name in ("count", "limit", "offset", "batch_count")}
    assert counted == {"count": 1, "limit": 1, "offset": 0, "batch_count": 1}
    assert body["leaderboard_id"] == pushing.leaderboard.id
    assert body["traces_url"] == f"http://testserver/api/leaderboards/{pushing.leaderboard.id}/traces"
    (row,) = body["rows"]
    assert (row["output"], row["score"], row["cost_usd"], row["feedback"]) == ("told", 0.5, 0.002, None)
    other = api.get(f"/api/leaderboards/{pushing.leaderboard.id}/traces?format=json&limit=1").json()
    assert other["rows"] == body["rows"]


def test_cursors_lead_through_json_and_lines_alike(api: TestClient, pushing: Pushing) -> None:
    record(pushing, 0, 1, 2)
    record(pushing, 3, 4)
    first = shown(api, pushing, limit=2)
    second = shown(api, pushing, limit=2, cursor=first["next_cursor"])
    third = shown(api, pushing, limit=2, cursor=second["next_cursor"])
    assert [*minutes(first), *minutes(second), *minutes(third)] == ["4", "3", "2", "1", "0"]
    assert third["next_cursor"] is None
    lines, url = [], path(pushing) + "?limit=2"
    while url:
        answer = api.get(url)
        assert answer.headers["content-type"].startswith("application/x-ndjson")
        lines += [json.loads(line) for line in answer.text.splitlines()]
        url = answer.links.get("next", {}).get("url", "")
        assert bool(url) is ("X-Dr.Gero-Next-Cursor" in answer.headers)
    assert [line["trace_id"] for line in lines] == [row["trace_id"] for row in shown(api, pushing)["rows"]]


def test_ranges_models_errors_and_sources_narrow_a_list(api: TestClient, pushing: Pushing) -> None:
    record(pushing, 0, 1, model_id="a")
    record(pushing, 2, model_id="b", error="timed out")
    record(pushing, 3, source="manual")
    assert minutes(shown(api, pushing, model_id="a")) == ["1", "0"]
    assert minutes(shown(api, pushing, errors_only=True)) == ["2"]
    assert minutes(shown(api, pushing, source="manual")) == ["3"]
    until = made.moment(2)
    for written in ("2026-03-01T00:01:00Z", "2026-03-01T02:01:00+02:00", "2026-03-01T00:01:00", "2026-03-01 00:01"):
        assert minutes(shown(api, pushing, since=written, until=clock.iso(until))) == ["1"], written
    assert api.get(path(pushing) + "?since=2026-03-01T02:01:00+02:00&format=json").json()["count"] == 3, "not escaped"
    assert minutes(shown(api, pushing, until="2026-03-01")) == []


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=1001", "offset=-1", "source=nobody", "format=csv", "batch_limit=101", "since=yesterday"),
        *("until=2026-13-01", "cursor=nonsense", "errors_only=maybe", "has_feedback=7"),
        "until=2026-01-01&since=2026-01-02",
        "offset=1&cursor=x",
    ],
)
def test_a_bad_parameter_is_named(api: TestClient, pushing: Pushing, query: str) -> None:
    answer = api.get(f"{path(pushing)}?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{query.partition('=')[0]}: ")


def test_a_single_trace_is_read_or_it_is_said_why_not(api: TestClient, pushing: Pushing) -> None:
    (one,) = record(pushing, 0)
    answer = api.get(path(pushing, f"/{one.trace_id}"))
    assert (answer.status_code, answer.json()["input"]) == (200, "asked at 0")
    assert answer.json()["leaderboard_id"] == pushing.leaderboard.id
    gone = api.get(path(pushing, f"/{made.trace(1).trace_id}"))
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
    young = api.get(path(pushing, f"/{new_id()}"))
    assert (young.status_code, young.json()["code"]) == (404, "not_stored_yet")
    assert "some seconds after its answer" in young.json()["error"]
    assert api.get(path(pushing, "/" + "x" * 101)).status_code == 400
    assert api.get(f"/v1/leaderboard/{new_id()}/traces/{one.trace_id}").status_code == 404


def test_traces_of_another_workspace_are_nowhere(api: TestClient, pushing: Pushing) -> None:
    (one,) = record(pushing, 0)
    stranger = Pushing()
    headers = {"Authorization": f"Bearer {stranger.token}"}
    for place in ("", f"/{one.trace_id}"):
        assert api.get(path(pushing, place), headers=headers).status_code == 404
        assert api.get(path(pushing, place), headers={"Authorization": "Bearer nobody"}).status_code == 401
    assert api.get(path(stranger, f"/{one.trace_id}"), headers=headers).status_code == 404


def test_of_runs_is_shown_what_may_be_kept_of_others_while_it_is_stored_whole(
    api: TestClient, pushing: Pushing
) -> None:
    (one,) = record(pushing, 0, source="run", run_id=new_id(), output="mail ann@x.io", score=1_000_000)
    owner = pushing.workspace, pushing.leaderboard.id
    leaderboards.patch(*owner, LeaderboardPatch.model_validate({"traces": {"redact": ["email"]}}))
    (row,) = shown(api, pushing)["rows"]
    assert (row["output"], row["content"]) == ("mail [email]", "redacted")
    leaderboards.patch(*owner, LeaderboardPatch.model_validate({"traces": {"capture_content": False}}))
    row = api.get(path(pushing, f"/{one.trace_id}")).json()
    assert (row["output"], row["input"], row["score"], row["content"]) == (None, "", 1.0, "left out")
    assert traces.by_ids(*owner, [one.trace_id])[one.trace_id].output == "mail ann@x.io"


def test_an_answer_ends_when_patterns_take_long_and_goes_on_from_there(
    api: TestClient, pushing: Pushing, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(pushing, 0, 1, 2)
    monkeypatch.setattr("functions.api.trace_views._SECONDS", -1)
    first = shown(api, pushing)
    assert minutes(first) == ["2"]
    assert minutes(shown(api, pushing, cursor=first["next_cursor"])) == ["1"]


def test_traces_of_a_model_are_listed_and_read_alike(api: TestClient, pushing: Pushing) -> None:
    wanted = {"name": "Own", "base": {"platform": "custom", "endpoint_url": "http://127.0.0.1:9/v1", "model": "m"}}
    created = api.post("/api/models", json=wanted)
    assert created.status_code == 201, created.text
    model_id = created.json()["id"]
    assert models.get(pushing.workspace, model_id)
    one, *_ = record(pushing, 0, 1, owner=model_id)
    for place in (f"/v1/models/{model_id}/traces", f"/api/models/{model_id}/traces"):
        body = api.get(place, params={"format": "json", "limit": 1, "source": "inference"}).json()
        assert (body["model_id"], minutes(body)) == (model_id, ["1"])
        rest = api.get(place, params={"format": "json", "cursor": body["next_cursor"]}).json()
        assert minutes(rest) == ["0"]
        since = clock.iso(made.moment(0) + timedelta(seconds=1))
        assert minutes(api.get(place, params={"format": "json", "since": since}).json()) == ["1"]
        assert api.get(f"{place}/{one.trace_id}").json()["input"] == "asked at 0"
        assert api.get(f"{place}/{new_id()}").status_code == 404
        assert api.get(f"{place}?cursor=x").status_code == 400
