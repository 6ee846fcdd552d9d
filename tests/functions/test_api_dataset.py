"""The dataset of a leaderboard over the API: its state, its consolidation, and what models need of it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from gero import access, datasets, leaderboards, runs
from gero.datasets import Row
from gero.kit import clock
from gero.leaderboards import MAX_PUSHED_BYTES, MAX_PUSHED_ROWS
from tests.functions.pushing import Pushing, asked, consolidated

URL = "https://huggingface.co/datasets/a/b/resolve/main/f.jsonl"
TRACES = {"traces": [{"trace_id": "01a20000-0000-7000-8000-000000000005"}]}
MODEL = {"name": "m", "model": "m", "endpoint_url": "http://127.0.0.1:9/v1"}


@pytest.fixture
def api(pushing: Pushing) -> Iterator[TestClient]:
    with TestClient(create_app(), headers={"Authorization": f"Bearer {pushing.token}"}) as client:
        yield client


def of(pushing: Pushing, path: str = "") -> str:
    return f"/api/leaderboards/{pushing.leaderboard.id}/dataset{path}"


def test_the_dataset_of_a_url_shows_where_it_is_and_nothing_of_pushes(api: TestClient, pushing: Pushing) -> None:
    pushing.leaderboard = pushing.another(dataset_type="GET", dataset_url=URL, field_mapping={"input": "text"})
    expected: dict[str, Any] = {
        "leaderboard_id": pushing.leaderboard.id,
        "dataset_type": "GET",
        "dataset_url": URL,
        "push_url": None,
        "field_mapping": {"input": "text"},
        "latest_version": None,
        "accepted_rows": None,
        "pending_events": None,
        "min_rows_for_models": None,
        "limits": None,
        "consolidation": None,
    }
    assert api.get(of(pushing)).json() == expected
    datasets.freeze(pushing.workspace, pushing.leaderboard.id, [Row("a", "x")], {"kind": "test"})
    latest = api.get(of(pushing, "/versions/1")).json()
    assert api.get(of(pushing)).json() == expected | {"latest_version": latest}


def test_the_dataset_of_pushed_rows_shows_its_counters_limits_and_next_step(
    api: TestClient, pushing: Pushing, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = clock.parse("2026-11-24T12:00:00.000Z")
    monkeypatch.setattr(clock, "now", lambda: moment)
    monkeypatch.setenv("GERO_MIN_PUSHED_ROWS", "7")
    pushing.leaderboard = pushing.another(daily_event_limit=5, end_date="2026-12-31", consolidate_every_hours=2)
    pushing.push("a", "b")
    found = api.get(of(pushing)).json()
    assert found["push_url"] == f"http://testserver/v1/leaderboard/{pushing.leaderboard.id}/dataset/push"
    assert (found["accepted_rows"], found["pending_events"], found["min_rows_for_models"]) == (2, 2, 7)
    assert (found["dataset_type"], found["dataset_url"], found["latest_version"]) == ("PUSH", None, None)
    assert found["limits"] == {
        "daily_event_limit": 5,
        "daily_accepted": 2,
        "daily_remaining": 3,
        "monthly_event_limit": None,
        "monthly_accepted": 2,
        "monthly_remaining": None,
        "max_samples_to_gather": 10_000,
        "end_date": "2026-12-31",
        "max_rows_per_request": MAX_PUSHED_ROWS,
        "max_body_bytes": MAX_PUSHED_BYTES,
    }
    assert found["consolidation"] == {
        "should_consolidate": False,
        "due_at": clock.iso(moment + timedelta(hours=2)),
        "every_events": 500,
        "every_hours": 2,
    }


def test_a_consolidation_is_asked_for_and_nothing_waits_after_it(api: TestClient, pushing: Pushing) -> None:
    pushing.push("a", "b")
    answer = api.post(of(pushing, "/consolidate"))
    assert (answer.status_code, answer.json()) == (202, {"status": "queued", "pending_events": 2})
    consolidated()
    found = api.get(of(pushing)).json()
    assert (found["accepted_rows"], found["pending_events"], found["consolidation"]["due_at"]) == (2, 0, None)
    assert found["latest_version"] == api.get(of(pushing, "/versions/1")).json()
    assert api.post(of(pushing, "/consolidate"), json={}).json()["pending_events"] == 0


def test_a_run_on_the_new_version_is_asked_for_by_who_may_run(api: TestClient, pushing: Pushing) -> None:
    pushing.add_models()
    pushing.push("a")
    _, writer = access.tokens.create(pushing.workspace, "writer", ["leaderboards:write"])
    theirs = {"Authorization": f"Bearer {writer}"}
    refused = api.post(of(pushing, "/consolidate"), json={"run": True}, headers=theirs)
    assert (refused.status_code, refused.json()["details"]["needed"]) == (403, "leaderboards:run")
    assert asked() == [], "and nothing was asked for"
    assert api.post(of(pushing, "/consolidate"), json={"run": False}, headers=theirs).status_code == 202
    consolidated()
    assert list(runs.listed(pushing.workspace, pushing.leaderboard.id, 5)) == []
    assert api.post(of(pushing, "/consolidate"), json={"run": True}).status_code == 202
    consolidated()
    (run,) = runs.listed(pushing.workspace, pushing.leaderboard.id, 5)
    assert run.source == "dataset_improvement"
    assert api.post(of(pushing, "/consolidate"), json={"rnu": True}).status_code == 400


def test_a_dataset_of_a_url_takes_no_rows_in_any_way(api: TestClient, pushing: Pushing) -> None:
    pushing.leaderboard = pushing.another(dataset_type="GET", dataset_url=URL)
    refused = [
        api.post(of(pushing, "/consolidate")),
        api.post(of(pushing, "/from-traces"), json=TRACES),
        api.delete(of(pushing, "/rows/a")),
    ]
    for answer in refused:
        assert answer.status_code == 409
        assert "only PUSH leaderboards take rows" in answer.json()["error"]
    assert asked() == []


def test_models_are_added_once_enough_rows_were_accepted(
    api: TestClient, pushing: Pushing, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = f"/api/leaderboards/{pushing.leaderboard.id}/models"
    assert api.post(models, json=MODEL).json()["details"] == {"accepted_rows": 0, "needed_rows": 100}
    monkeypatch.setenv("GERO_MIN_PUSHED_ROWS", "3")
    pushing.push("a", "b", "b")
    refused = api.post(models, json=MODEL)
    assert (refused.status_code, refused.json()["code"]) == (409, "too_few_rows")
    assert refused.json()["error"] == "models can be added once 3 rows were accepted, 2 are by now; push 1 more"
    pushing.push("c")
    assert api.post(models, json=MODEL).status_code == 201
    pushing.leaderboard = pushing.another(dataset_type="GET", dataset_url=URL)
    assert api.post(f"/api/leaderboards/{pushing.leaderboard.id}/models", json=MODEL).status_code == 201
    monkeypatch.setenv("GERO_MIN_PUSHED_ROWS", "0")
    pushing.leaderboard = pushing.another()
    assert api.post(f"/api/leaderboards/{pushing.leaderboard.id}/models", json=MODEL).status_code == 201


def test_the_dataset_is_closed_to_other_workspaces_and_to_who_may_only_read(api: TestClient, pushing: Pushing) -> None:
    pushing.push("a")
    _, stranger = access.workspaces.create("other")
    _, reader = access.tokens.create(pushing.workspace, "reader", ["leaderboards:read"])
    asking: list[tuple[str, str, Any]] = [
        ("POST", "/consolidate", None),
        ("POST", "/from-traces", TRACES),
        ("DELETE", "/rows/a", None),
    ]
    for token, status, seen in ((stranger, 404, 404), (reader, 403, 200)):
        headers = {"Authorization": f"Bearer {token}"}
        assert api.get(of(pushing), headers=headers).status_code == seen
        for method, path, body in asking:
            assert api.request(method, of(pushing, path), json=body, headers=headers).status_code == status, path
    assert asked() == []
    leaderboards.delete(pushing.workspace, pushing.leaderboard.id)
    assert {api.request(method, of(pushing, path), json=body).status_code for method, path, body in asking} == {404}
