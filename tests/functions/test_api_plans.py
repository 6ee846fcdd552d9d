"""Plans over the API: what is shown of them, and that a limit is a 402 which names it, before anything is done."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from gero import access, leaderboards
from infra.local.stand_ins.openrouter import OpenRouter
from tests.openrouter_server import connected

PUSHED = {"name": "Tickets", "system_prompt": "Sort {input}", "dataset_type": "PUSH"}


class Api:
    """The API as a client of a free workspace sees it."""

    def __init__(self, client: TestClient, workspace_id: str) -> None:
        self.client = client
        self.workspace_id = workspace_id

    def made(self, path: str = "/api/leaderboards", **body: Any) -> dict[str, Any]:
        answer = self.client.post(path, json=PUSHED | body if path == "/api/leaderboards" else body)
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    def refused(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """The details of a refusal."""
        answer = self.client.request(method, path, json=body or None)
        assert answer.status_code == 402, answer.text
        told: dict[str, Any] = answer.json()
        assert told["code"] == "plan_limit"
        assert "the Free plan" in told["error"]
        assert told["details"]["plan"] == "free"
        return {**told["details"], "error": told["error"]}

    def limits(self) -> dict[str, dict[str, Any]]:
        """The limits of the plan, by name."""
        return {one["name"]: one for one in self.client.get("/api/workspace").json()["limits"]}

    def upgrade(self) -> None:
        access.workspaces.set_plan(self.workspace_id, "pay-as-you-go")


@pytest.fixture
def free(cloud: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    monkeypatch.setenv("GERO_MIN_PUSHED_ROWS", "0")
    workspace, secret = access.workspaces.create("test", "free")
    with TestClient(create_app(), headers={"Authorization": f"Bearer {secret}"}) as client:
        yield Api(client, workspace.id)


@pytest.fixture
def openrouter(free: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenRouter]:
    with connected(monkeypatch, workspace_id=free.workspace_id) as openrouter:
        yield openrouter


def test_the_workspace_shows_its_plan_with_the_limits_and_what_is_used(free: Api) -> None:
    shown = free.client.get("/api/workspace").json()
    assert (shown["plan"], shown["plan_title"], shown["token"]["scopes"]) == ("free", "Free", ["*"])
    free.made()
    assert free.limits()["leaderboards"] == {
        "name": "leaderboards",
        "title": "Leaderboards",
        "allowed": "3",
        "value": 3,
        "used": 1,
    }
    assert free.limits()["leaderboard_deletion"]["value"] is False
    assert free.limits()["run_rows"]["used"] is None
    free.upgrade()
    assert free.client.get("/api/workspace").json()["plan"] == "pay-as-you-go"
    unlimited = free.limits()["leaderboards"]
    assert (unlimited["allowed"], unlimited["value"], unlimited["used"]) == ("unlimited", None, 1)


def test_a_fourth_leaderboard_waits_for_another_plan(free: Api) -> None:
    for _ in range(3):
        free.made()
    told = free.refused("POST", "/api/leaderboards", **PUSHED)
    assert (told["limit"], told["allowed"]) == ("leaderboards", 3)
    assert free.client.get("/api/leaderboards").json()["total"] == 3
    free.upgrade()
    free.made()


def test_a_free_leaderboard_stays_with_all_that_is_its_own(free: Api) -> None:
    path = f"/api/leaderboards/{free.made()['id']}"
    free.client.post(f"{path}/models", json={"name": "a", "model": "a", "endpoint_url": "http://127.0.0.1:9/v1"})
    assert free.refused("DELETE", path)["limit"] == "leaderboard_deletion"
    assert free.client.get(f"{path}/models").json()["count"] == 1
    free.upgrade()
    assert free.client.delete(path).status_code == 204


def test_settings_above_the_plan_are_refused_by_their_fields(free: Api) -> None:
    made = free.made()
    assert (made["traces"]["retention_days"], made["monthly_event_limit"]) == (30, 10_000)
    path = f"/api/leaderboards/{made['id']}"
    for body, field in (
        ({"traces": {"retention_days": 365}}, "traces.retention_days"),
        ({"monthly_event_limit": 10_001}, "monthly_event_limit"),
        ({"max_samples_to_gather": 10_001}, "max_samples_to_gather"),
    ):
        told = free.refused("PATCH", path, **body)
        assert told["field"] == field
        assert told["error"].startswith(f"{field}: ")
        assert free.refused("POST", "/api/leaderboards", **PUSHED, **body)["field"] == field
    assert free.client.get(path).json()["version"] == 1


def test_tokens_that_may_call_inference_need_a_small_budget(free: Api) -> None:
    wanted: dict[str, Any] = {"name": "web", "scopes": ["leaderboards:inference"]}
    assert free.refused("POST", "/api/tokens", **wanted)["field"] == "budget_limit"
    assert free.refused("POST", "/api/tokens", **wanted, budget_limit=5.01)["allowed"] == 5
    daily = {"budget_limit": 5, "budget_reset_interval": "daily"}
    assert free.refused("POST", "/api/tokens", **wanted, **daily)["field"] == "budget_reset_interval"
    made = free.made("/api/tokens", **wanted, budget_limit=5, budget_reset_interval="monthly")
    assert free.refused("PATCH", f"/api/tokens/{made['id']}", budget_limit=6)["limit"] == "token_budget_usd"
    assert free.client.get("/api/tokens").json()["total"] == 2
    free.upgrade()
    assert free.client.patch(f"/api/tokens/{made['id']}", json={"budget_limit": None}).status_code == 200


def test_auto_select_is_asked_for_no_more_models_than_the_plan_allows(free: Api, openrouter: OpenRouter) -> None:
    path = f"/api/leaderboards/{free.made()['id']}/models/auto-select"
    told = free.refused("POST", path, count=4)
    assert (told["limit"], told["field"], told["allowed"]) == ("auto_select_models", "count", 3)
    assert len(free.client.post(path).json()["chosen"]) == 3
    assert free.refused("POST", path, count=4, dry_run=False)["field"] == "count"
    assert list(leaderboards.candidates.listed(free.workspace_id, path.split("/")[3])) == []
    free.upgrade()
    assert len(free.client.post(path, json={"count": 4}).json()["chosen"]) == 4


def test_the_document_says_that_a_plan_may_refuse(free: Api) -> None:
    paths = free.client.get("/openapi.json").json()["paths"]
    assert "plan" in paths["/api/leaderboards"]["post"]["responses"]["402"]["description"]
