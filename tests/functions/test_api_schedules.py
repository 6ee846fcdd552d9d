"""The paths of schedules, of runs with options and of operators, as one application answers them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from gero import access, leaderboards, runs
from gero.access import operators
from gero.kit import clock
from tests.functions.conftest import Ready
from tests.functions.workflow import finished

DAILY: dict[str, Any] = {
    "version": 2,
    "triggers": {"cron": {"enabled": True, "preset": "DAILY", "timezone": "Europe/Berlin"}},
}


@pytest.fixture
def api(ready: Ready) -> Iterator[TestClient]:
    with TestClient(create_app(), headers={"Authorization": f"Bearer {ready.token}"}) as client:
        yield client


@pytest.fixture
def operator(ready: Ready) -> Iterator[TestClient]:
    """A client that has an operator token and no other."""
    _, secret = operators.create("cron")
    with TestClient(create_app(), headers={"X-Dr.Gero-Operator-Token": secret}) as client:
        yield client


def of(ready: Ready, path: str = "/schedule") -> str:
    return f"/api/leaderboards/{ready.leaderboard.id}{path}"


def later(monkeypatch: pytest.MonkeyPatch, **delta: int) -> None:
    moment = clock.now() + timedelta(**delta)
    monkeypatch.setattr(clock, "now", lambda: moment)


def test_a_schedule_is_set_read_and_taken_away(api: TestClient, ready: Ready) -> None:
    nothing: dict[str, Any] = {"schedule": None, "next_run_at": None, "next": [], "state": None}
    assert api.get(of(ready)).json() == nothing
    wanted = {"triggers": {"modelVersion": {"cadence": "MONTHLY"}, **DAILY["triggers"]}}
    told = api.put(of(ready), json=wanted).json()
    assert told == api.get(of(ready)).json()
    assert [one["trigger"] for one in told["next"]] == ["cron", "model_version"]
    assert told["next_run_at"] == told["next"][0]["at"]
    assert told["schedule"]["triggers"]["new_data"]["enabled"] is False
    shown = api.get(of(ready, "")).json()
    assert (shown["schedule"], shown["next_run_at"]) == (told["schedule"], told["next_run_at"])
    assert shown["schedule_state"] is None
    assert api.delete(of(ready)).status_code == 204
    assert api.get(of(ready)).json() == nothing


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            {"triggers": {"cron": {"timezone": "Mars/Olympus"}}},
            "triggers.cron.timezone: 'Mars/Olympus' is no time zone",
        ),
        (
            {"triggers": {"cron": {"preset": "CUSTOM", "expression": "0 25 * * *"}}},
            "triggers.cron.expression: Bad hour",
        ),
        ({"triggers": {"new_data": {}}}, "schedule.triggers.new_data: only a PUSH dataset"),
        ({"triggers": {}}, "schedule.triggers: enable one of cron, new_data, model_version, or set paused"),
        ({"triggers": {"cron": {}}, "dataset": {"mode": "LIMIT", "limit": {"auto": False}}}, "dataset.limit"),
        ({}, "triggers: this field is required"),
    ],
)
def test_a_faulty_schedule_is_refused_with_the_field_and_the_fix(
    api: TestClient, ready: Ready, body: dict[str, Any], told: str
) -> None:
    answer = api.put(of(ready), json=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(told)
    assert api.get(of(ready)).json()["schedule"] is None


def test_who_may_only_read_does_not_schedule_and_strangers_find_nothing(api: TestClient, ready: Ready) -> None:
    _, reader = access.tokens.create(ready.workspace, "reader", ["leaderboards:read"])
    headers = {"Authorization": f"Bearer {reader}"}
    assert api.get(of(ready), headers=headers).status_code == 200
    for method in ("PUT", "DELETE"):
        assert api.request(method, of(ready), json=DAILY, headers=headers).status_code == 403
    _, stranger = access.workspaces.create("other")
    headers = {"Authorization": f"Bearer {stranger}"}
    for method in ("GET", "PUT", "DELETE"):
        assert api.request(method, of(ready), json=DAILY, headers=headers).status_code == 404


def test_an_operator_runs_what_is_due_once_and_the_schedule_tells(
    api: TestClient, operator: TestClient, ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.put(of(ready), json=DAILY)
    assert operator.post("/api/leaderboard-schedules/run-due").json() == {"started": 0, "skipped": 0, "looked_at": 0}
    later(monkeypatch, days=1)
    assert operator.post("/api/leaderboard-schedules/run-due").json() == {"started": 1, "skipped": 0, "looked_at": 1}
    assert operator.post("/api/leaderboard-schedules/run-due").json() == {"started": 0, "skipped": 0, "looked_at": 0}
    (run,) = runs.listed(ready.workspace, ready.leaderboard.id, 5)
    state = api.get(of(ready)).json()["state"]
    assert (state["last_trigger"], state["outcome"], state["run_id"]) == ("cron", "started", run.id)
    assert api.get(of(ready, "")).json()["schedule_state"] == state
    later(monkeypatch, days=1)
    assert operator.post("/api/leaderboard-schedules/run-due").json()["skipped"] == 1
    assert api.get(of(ready)).json()["state"]["outcome"].startswith("skipped: this leaderboard already has an active")


def test_consolidations_that_are_due_are_queued_by_an_operator(operator: TestClient) -> None:
    assert operator.post("/api/push-datasets/consolidate-due").json() == {"queued": 0}


@pytest.mark.parametrize("path", ["/api/leaderboard-schedules/run-due", "/api/push-datasets/consolidate-due"])
def test_the_operators_paths_are_closed_to_everybody_else(
    api: TestClient, operator: TestClient, ready: Ready, path: str
) -> None:
    assert operator.post(path).status_code == 200
    refused = api.post(path)
    assert refused.status_code == 401
    assert "operator token" in refused.json()["error"]
    assert operator.get(of(ready)).status_code == 401, "and theirs opens no workspace"


def test_the_document_gives_operators_a_security_scheme_of_their_own(api: TestClient) -> None:
    document = api.get("/openapi.json").json()
    asked = document["paths"]["/api/leaderboard-schedules/run-due"]["post"]["security"]
    names = {name for one in asked for name in one}
    assert names == {"OperatorBearer", "OperatorToken"}
    assert names <= set(document["components"]["securitySchemes"])
    others = document["paths"]["/api/leaderboards/{leaderboard_id}/schedule"]["put"]["security"]
    assert not names & {name for one in others for name in one}


def test_a_run_by_hand_takes_the_rows_and_the_version_it_is_told(api: TestClient, ready: Ready) -> None:
    finished(ready)
    body = {"rows": 2, "algorithm": "LAST_N", "datasetVersion": 1}
    started = api.post(of(ready, "/run"), json=body)
    assert started.status_code == 202
    run = runs.get(ready.workspace, ready.leaderboard.id, started.json()["id"])
    plan = leaderboards.plan_run(leaderboards.get(ready.workspace, ready.leaderboard.id), run)
    dataset = api.get(of(ready, f"/runs/{run.id}")).json()["dataset"]
    assert (dataset["version"], dataset["rows"], plan.rows) == (1, 3, 2)
    assert dataset["limit"] == {"rows": 2, "algorithm": "LAST_N"}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"dataset_version": 7}, "dataset_version: this leaderboard's dataset has no version 7"),
        ({"dataset_version": 0}, "dataset_version"),
        ({"algorithm": "FIRST_N"}, "algorithm"),
        ({"rows": 0}, "rows"),
    ],
)
def test_a_run_that_cannot_be_is_refused_and_none_is_active(
    api: TestClient, ready: Ready, body: dict[str, Any], told: str
) -> None:
    answer = api.post(of(ready, "/run"), json=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(told)
    assert runs.active_run_id(ready.workspace, ready.leaderboard.id) is None
