"""The path of auto-select, as one application answers it; with a real run whose measurements it uses."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from gero import access, leaderboards
from gero.leaderboards import LeaderboardInput
from infra.local.stand_ins.openrouter import OpenRouter
from tests.functions.conftest import Ready
from tests.functions.workflow import finished
from tests.openrouter_server import KEY, connected, serving


@pytest.fixture
def openrouter(ready: Ready, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenRouter]:
    with connected(monkeypatch, workspace_id=ready.workspace) as openrouter:
        yield openrouter


@pytest.fixture
def api(ready: Ready) -> Iterator[TestClient]:
    with TestClient(create_app(), headers={"Authorization": f"Bearer {ready.token}"}) as client:
        yield client


def of(ready: Ready, path: str = "") -> str:
    return f"/api/leaderboards/{ready.leaderboard.id}/models{path}"


def test_without_a_word_five_models_are_shown_and_none_is_added(
    api: TestClient, ready: Ready, openrouter: OpenRouter
) -> None:
    answer = api.post(of(ready, "/auto-select"))
    assert answer.status_code == 200
    found = answer.json()
    assert (found["dry_run"], len(found["chosen"]), found["added"], found["models"]) == (True, 5, 0, [])
    assert {name: type(value) for name, value in found["chosen"][0].items()} == {
        "model": str,
        "name": str,
        "provider": type(None),
        "quantization": type(None),
        "input_cost_per_million_usd": float,
        "output_cost_per_million_usd": float,
        "context_length": int,
        "open_weights": bool,
        "latency_p95_ms": type(None),
        "latency_p99_ms": type(None),
        "latency_basis": type(None),
        "reason": str,
        "model_id": type(None),
    }
    assert found["eligible"] + sum(found["rejected"].values()) - found["rejected"]["not_needed"] == found["considered"]
    assert set(found["catalogue"]) == {"fetched_at", "age_seconds", "stale"}
    assert api.get(of(ready)).json()["count"] == 2
    assert KEY not in answer.text


def test_what_was_shown_is_added_and_adding_again_adds_nothing(
    api: TestClient, ready: Ready, openrouter: OpenRouter
) -> None:
    limits = {"count": 3, "max_latency_p95_ms": 500, "max_input_cost_per_million_usd": 1}
    shown = api.post(of(ready, "/auto-select"), json=limits).json()
    added = api.post(of(ready, "/auto-select"), json={**limits, "dry_run": False}).json()
    assert [one["model"] for one in added["chosen"]] == [one["model"] for one in shown["chosen"]]
    assert added["added"] == 3
    for choice, model in zip(added["chosen"], added["models"], strict=True):
        assert choice["model_id"] == model["id"]
        assert (choice["model"], choice["provider"]) == (model["model"], model["provider"])
        assert choice["input_cost_per_million_usd"] == model["input_cost_per_million_usd"]
        assert (model["platform"], model["integration"], model["has_auth_token"]) == ("openrouter", "openrouter", False)
    again = api.post(of(ready, "/auto-select"), json={**limits, "dryRun": False}).json()
    assert (again["added"], again["models"]) == (0, [])
    assert again["chosen"] == added["chosen"]
    assert api.get(of(ready)).json()["count"] == 5


def test_a_missing_connection_and_too_few_rows_are_told(
    api: TestClient, ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(monkeypatch):
        refused = api.post(of(ready, "/auto-select"))
        assert (refused.status_code, refused.json()["code"]) == (409, "integration_missing")
    pushed = leaderboards.create(
        ready.workspace, LeaderboardInput(name="P", system_prompt="Which team?", dataset_type="PUSH")
    )
    path = f"/api/leaderboards/{pushed.id}/models/auto-select"
    with connected(monkeypatch, workspace_id=ready.workspace):
        assert api.post(path).status_code == 200, "looking is allowed"
        early = api.post(path, json={"dry_run": False})
    assert early.status_code == 409
    assert "rows" in early.json()["error"]


@pytest.mark.parametrize(("body", "field"), [({"count": 0}, "count"), ({"maximum": 1}, "maximum"), ([], "body")])
def test_a_faulty_body_is_refused_with_its_field(
    api: TestClient, ready: Ready, openrouter: OpenRouter, body: Any, field: str
) -> None:
    answer = api.post(of(ready, "/auto-select"), json=body)
    assert answer.status_code == 400
    assert field in answer.json()["error"]


def test_strangers_and_readers_choose_nothing(api: TestClient, ready: Ready, openrouter: OpenRouter) -> None:
    _, stranger = access.workspaces.create("other")
    assert api.post(of(ready, "/auto-select"), headers={"Authorization": f"Bearer {stranger}"}).status_code == 404
    reader = api.post("/api/tokens", json={"name": "r", "scopes": ["leaderboards:read"]}).json()["secret"]
    assert api.post(of(ready, "/auto-select"), headers={"Authorization": f"Bearer {reader}"}).status_code == 403


def test_what_a_run_measured_decides_about_a_model_that_was_taken_off(
    api: TestClient, ready: Ready, openrouter: OpenRouter
) -> None:
    wanted = {"platform": "openrouter", "model": "hearth/ensemble"}
    candidate = api.post(of(ready), json=wanted).json()["id"]
    run = finished(ready)
    assert run.status == "completed"
    assert run.ranking is not None
    measured = {one["candidate_id"]: one["latency_p95_ms"] for one in run.ranking["entries"]}[candidate]
    assert api.delete(of(ready, f"/{candidate}")).status_code == 204

    def chosen(limit: float) -> dict[str, Any]:
        found = api.post(of(ready, "/auto-select"), json={"count": 20, "max_latency_p95_ms": limit}).json()
        return {one["model"]: one for one in found["chosen"]}

    fitting = chosen(measured + 1)["hearth/ensemble"]
    assert (fitting["latency_basis"], fitting["latency_p95_ms"]) == ("measured", measured)
    assert "as the latest run measured" in fitting["reason"]
    assert "hearth/ensemble" not in chosen(measured - 1)
    assert openrouter.asked["/models/hearth/ensemble/endpoints"] == 0, "what is measured is not looked up"
