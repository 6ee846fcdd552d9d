import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from functions.api.handler import handler
from gero import access, runs
from tests.events import event
from tests.functions.conftest import RIGHT, Ready
from tests.functions.context import Context
from tests.functions.workflow import finished, started


@pytest.fixture
def api(ready: Ready) -> Iterator[TestClient]:
    with TestClient(create_app(), headers={"Authorization": f"Bearer {ready.token}"}) as client:
        yield client


def of(ready: Ready, path: str = "") -> str:
    return f"/api/leaderboards/{ready.leaderboard.id}{path}"


def test_the_function_answers_an_event_of_the_http_api(cloud: None, context: Context) -> None:
    assert json.loads(handler(event("api", "healthz"), context)["body"]) == {"status": "ok"}
    _, token = access.workspaces.create("test")
    answer = handler(event("api", "create_leaderboard", token=token), context)
    assert answer["statusCode"] == 201
    created = json.loads(answer["body"])
    assert created["traces_url"] == f"https://api.example.com/api/leaderboards/{created['id']}/traces"


def test_a_leaderboard_is_created_listed_changed_and_deleted(api: TestClient, ready: Ready) -> None:
    body = {"name": "Second", "modelPrompt": "Sort {query}", "datasetType": "PUSH"}
    created = api.post("/api/leaderboards", json=body).json()
    assert created["system_prompt"] == "Sort {query}"
    page = api.get("/api/leaderboards?limit=1").json()
    assert (page["count"], page["total"]) == (1, 2)
    assert page["leaderboards"][0]["id"] == created["id"], "newest first"
    path = f"/api/leaderboards/{created['id']}"
    assert api.patch(path, json={"name": "Renamed", "version": 1}).json()["version"] == 2
    assert api.patch(path, json={"name": "Late", "version": 1}).status_code == 409
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "name"),
        ({"name": "x", "system_prompt": "y"}, "dataset_url: a GET dataset needs the URL"),
        ({"name": "x", "system_prompt": "y", "dataset_url": "https://example.com/a.jsonl"}, "Hugging Face"),
        ({"name": "x", "system_prompt": "y", "dataset_type": "PUSH", "normalizers": ["magic"]}, "'magic' is none of"),
        ({"name": "x", "system_prompt": "y", "dataset_type": "PUSH", "colour": "red"}, "colour"),
        ({"name": "x", "system_prompt": "y", "dataset_type": "PULL"}, "dataset_type"),
    ],
)
def test_a_faulty_leaderboard_is_refused_with_the_field_and_the_fix(api: TestClient, body: Any, told: str) -> None:
    answer = api.post("/api/leaderboards", json=body)
    assert answer.status_code == 400
    assert told in answer.json()["error"]
    assert answer.json()["code"] == "invalid_request"


def test_models_never_show_their_secret_and_leave_only_when_nothing_needs_them(api: TestClient, ready: Ready) -> None:
    models = api.get(of(ready, "/models")).json()["models"]
    assert [model["name"] for model in models] == ["good", "bad"]
    assert all(model["has_auth_token"] and "secret" not in str(model) for model in models)
    started(ready)
    assert api.delete(of(ready, f"/models/{ready.bad}")).json()["code"] == "run_active"


def test_the_model_in_production_cannot_be_removed(api: TestClient, ready: Ready) -> None:
    finished(ready)
    assert api.delete(of(ready, f"/models/{ready.good}")).json()["code"] == "model_in_production"
    assert api.delete(of(ready, f"/models/{ready.bad}")).status_code == 204


def test_a_run_needs_two_models_and_only_one_is_active(api: TestClient, ready: Ready) -> None:
    first = api.post(of(ready, "/run"), json={"rows": 2})
    assert first.status_code == 202
    second = api.post(of(ready, "/run"))
    assert (second.status_code, second.json()["details"]["run_id"]) == (409, first.json()["id"])
    cancelled = api.post(of(ready, f"/runs/{first.json()['id']}/cancel"))
    assert cancelled.json()["status"] == "cancelled"
    api.delete(of(ready, f"/models/{ready.bad}"))
    assert api.post(of(ready, "/run")).json()["code"] == "too_few_models"


def test_a_finished_run_is_told_whole(api: TestClient, ready: Ready) -> None:
    assert api.get(of(ready, "/ranking")).status_code == 409
    run_id = finished(ready).id
    run = api.get(of(ready, f"/runs/{run_id}")).json()
    assert run["status"] == "completed"
    assert run["progress"] == {"cells_total": 6, "cells_done": 6, "errors": 0, "percent": 100.0}
    assert run["configuration"]["leaderboard"]["system_prompt"] == "Which team?"
    assert len(run["configuration"]["models"]) == 2
    assert "sk-secret" not in str(run)
    ranking = api.get(of(ready, "/ranking")).json()
    assert ranking["production"]["name"] == "good"
    assert [entry["name"] for entry in ranking["entries"]] == ["good", "bad"]
    log = api.get(of(ready, "/runs")).json()
    assert [one["id"] for one in log["runs"]] == [run_id]


def test_selecting_another_model_serves_it_at_once(api: TestClient, ready: Ready) -> None:
    finished(ready)
    pin = {"model_selection": {"mode": "manual", "model_id": ready.bad}}
    assert api.patch(of(ready), json=pin).json()["production"]["name"] == "bad"
    follow = {"model_selection": {"mode": "ranking_winner"}}
    assert api.patch(of(ready), json=follow).json()["production"]["name"] == "good"
    nobody = {"model_selection": {"mode": "manual", "model_id": "nobody"}}
    assert api.patch(of(ready), json=nobody).status_code == 400


def test_repeating_the_selection_in_a_patch_decides_nothing(api: TestClient, ready: Ready) -> None:
    finished(ready)
    ready.models.answer = lambda model, prompt: "billing" if model == "good" else RIGHT[prompt.split("\n")[-1]]
    run = finished(ready, fresh=True)
    assert run.decision
    assert run.decision["action"] == "hold", "three rows are no evidence"
    same = {"name": "Renamed", "model_selection": {"mode": "ranking_winner"}}
    assert api.patch(of(ready), json=same).json()["production"]["name"] == "good"


def test_traces_come_as_lines_or_as_json(api: TestClient, ready: Ready) -> None:
    finished(ready)
    lines = api.get(f"/v1/leaderboard/{ready.leaderboard.id}/traces?limit=4").text.splitlines()
    assert len([json.loads(line) for line in lines]) == 4
    page = api.get(of(ready, "/traces?format=json&source=run&offset=5")).json()
    assert page["count"] == 1
    assert page["rows"][0]["score"] in (0.0, 1.0)
    assert api.get(of(ready, "/traces?limit=2000")).status_code == 400


def test_every_path_of_a_leaderboard_is_closed_to_other_workspaces(api: TestClient, ready: Ready) -> None:
    run_id = finished(ready).id
    _, stranger = access.workspaces.create("other")
    theirs = {"Authorization": f"Bearer {stranger}"}
    for path in ("", "/models", "/runs", f"/runs/{run_id}", "/ranking", "/traces"):
        assert api.get(of(ready, path), headers=theirs).status_code == 404, path
    for path in ("/run", f"/runs/{run_id}/cancel"):
        assert api.post(of(ready, path), headers=theirs).status_code == 404, path
    assert api.delete(of(ready), headers=theirs).status_code == 404
    assert runs.get(ready.workspace, ready.leaderboard.id, run_id).status == "completed"


def test_a_token_does_only_what_its_scopes_say(api: TestClient, ready: Ready) -> None:
    made = api.post("/api/tokens", json={"name": "reader", "scopes": ["leaderboards:read"], "expires_in": "1h"}).json()
    reader = {"Authorization": f"Bearer {made['secret']}"}
    assert api.get(of(ready), headers=reader).status_code == 200
    refused = api.post(of(ready, "/run"), headers=reader)
    assert (refused.status_code, refused.json()["details"]["needed"]) == (403, "leaderboards:run")
    assert "secret" not in str([token.get("secret") for token in api.get("/api/tokens").json()["tokens"]])
    assert api.post(f"/api/tokens/{made['id']}/revoke").json()["revoked_at"]
    assert api.get(of(ready), headers=reader).status_code == 401


def test_without_a_token_nobody_gets_in_and_is_told_how(api: TestClient, ready: Ready) -> None:
    answer = api.get("/api/leaderboards", headers={"Authorization": ""})
    assert answer.status_code == 401
    assert "Authorization: Bearer" in answer.json()["error"]
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_api_documents_itself_and_unknown_paths_answer_in_json(api: TestClient) -> None:
    document = api.get("/openapi.json").json()
    assert "/api/leaderboards/{leaderboard_id}/run" in document["paths"]
    assert "/v1/leaderboard/{leaderboard_id}/inference" in document["paths"]
    answers = document["paths"]["/api/leaderboards"]["post"]["responses"]
    assert "400" in answers
    assert "422" not in answers
    assert api.get("/docs").status_code == 200
    assert api.get("/api/nothing").json()["code"] == "not_found"
