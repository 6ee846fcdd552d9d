"""The paths of production and its notifications, as one application answers them."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from functions.finish_run.handler import handler as finish_run
from gero import access, leaderboards
from gero.leaderboards import LeaderboardPatch
from tests.functions.conftest import Ready
from tests.functions.context import Context
from tests.functions.workflow import finished, started
from tests.webhook_server import WebhookServer, webhook_server


@pytest.fixture
def api(ready: Ready) -> Iterator[TestClient]:
    with TestClient(create_app(), headers={"Authorization": f"Bearer {ready.token}"}) as client:
        yield client


@pytest.fixture
def receiver() -> Iterator[WebhookServer]:
    with webhook_server() as server:
        yield server


def of(ready: Ready, path: str = "/production") -> str:
    return f"/api/leaderboards/{ready.leaderboard.id}{path}"


def pin(api: TestClient, ready: Ready, model_id: str) -> None:
    api.patch(of(ready, ""), json={"model_selection": {"mode": "manual", "model_id": model_id}}).raise_for_status()


def test_before_the_first_run_nothing_serves_and_there_is_no_history(api: TestClient, ready: Ready) -> None:
    shown = api.get(of(ready)).json()
    assert (shown["production"], shown["latest_decision"], shown["held"]) == (None, None, False)
    assert shown["told"] == "No model serves yet; complete a run first."
    assert api.get(of(ready, "/production/history")).json() == {"decisions": [], "count": 0, "limit": 50, "offset": 0}
    refused = api.post(of(ready, "/production/rollback"))
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_roll_back")


def test_production_is_shown_with_why_and_its_history(api: TestClient, ready: Ready) -> None:
    run = finished(ready)
    shown = api.get(of(ready)).json()
    assert (shown["production"]["model_id"], shown["production"]["run_id"]) == (ready.good, run.id)
    assert shown["latest_decision"]["action"] == "first"
    assert shown["told"] == 'good serves; a run replaces it when the policy "default" allows.'
    pin(api, ready, ready.bad)
    told = api.get(of(ready, "/production/history")).json()
    assert [(one["action"], one["model"], one["previous_model"]) for one in told["decisions"]] == [
        ("pin", "bad", "good"),
        ("first", "good", None),
    ]
    assert told["decisions"][0]["by"] is not None
    assert told["decisions"][1]["by"] is None
    page = api.get(of(ready, "/production/history"), params={"limit": 1, "offset": 1}).json()
    assert [one["action"] for one in page["decisions"]] == ["first"]


def test_the_evidence_of_a_challenger_that_waits_is_shown(api: TestClient, ready: Ready) -> None:
    finished(ready)
    pin(api, ready, ready.bad)
    leaderboards.patch(
        ready.workspace, ready.leaderboard.id, LeaderboardPatch.model_validate({"model_selection": {}})
    )  # without serving anew: the champion is the worse one
    finished(ready)
    pending = api.get(of(ready)).json()["pending"]
    assert (pending["challenger_id"], pending["rows"]) == (ready.good, 3)
    assert 1 < pending["e_value"] < pending["e_value_needed"] == pytest.approx(10)
    assert pending["difference"] == pytest.approx(2 / 3)


def test_one_call_rolls_back_and_repeating_it_with_its_goal_changes_nothing(api: TestClient, ready: Ready) -> None:
    finished(ready)
    pin(api, ready, ready.bad)
    rolled = api.post(of(ready, "/production/rollback")).json()
    assert (rolled["production"]["name"], rolled["held"]) == ("good", True)
    assert rolled["model_selection"] == {"mode": "manual", "model_id": ready.good}
    assert "good serves exactly as it did before, and is pinned" in rolled["told"]
    first = api.get(of(ready, "/production/history")).json()["decisions"][-1]
    again = api.post(of(ready, "/production/rollback"), json={"to": first["id"]})
    assert again.json() == rolled
    assert api.get(of(ready, "/production/history")).json()["count"] == 3


def test_nothing_secret_is_in_what_production_shows(api: TestClient, ready: Ready) -> None:
    finished(ready)
    pin(api, ready, ready.bad)
    shown = api.post(of(ready, "/production/rollback")).text + api.get(of(ready, "/production/history")).text
    assert "sealed" not in shown
    assert "Which team?" not in shown
    assert "sk-secret" not in shown


def test_scopes_are_asked_for(ready: Ready) -> None:
    _, reader = access.tokens.create(ready.workspace, "reader", ["leaderboards:read"])
    with TestClient(create_app(), headers={"Authorization": f"Bearer {reader}"}) as client:
        assert client.get(of(ready)).status_code == 200
        assert client.post(of(ready, "/production/rollback")).status_code == 403
        for method in ("GET", "PUT", "DELETE"):
            assert client.request(method, of(ready, "/notifications"), json={"url": "x"}).status_code == 403


def test_another_workspace_s_leaderboard_is_not_found(ready: Ready) -> None:
    _, stranger = access.workspaces.create("stranger")
    with TestClient(create_app(), headers={"Authorization": f"Bearer {stranger}"}) as client:
        for method, path in (
            ("GET", "/production"),
            ("GET", "/production/history"),
            ("POST", "/production/rollback"),
            ("GET", "/notifications"),
            ("DELETE", "/notifications"),
            ("POST", "/notifications/test"),
        ):
            assert client.request(method, of(ready, path)).status_code == 404, path
        hook = {"url": "https://hooks.example.com"}
        assert client.put(of(ready, "/notifications"), json=hook).status_code == 404


def test_a_webhook_is_set_tried_and_taken_away(api: TestClient, ready: Ready, receiver: WebhookServer) -> None:
    nothing: dict[str, Any] = {"webhook": None, "waiting": []}
    assert api.get(of(ready, "/notifications")).json() == nothing
    made = api.put(of(ready, "/notifications"), json={"url": receiver.url, "events": ["run.failed"]}).json()["webhook"]
    assert (made["url"], made["events"]) == (receiver.url, ["run.failed"])
    assert api.get(of(ready, "/notifications")).json()["webhook"] == {**made, "secret": None}
    assert api.post(of(ready, "/notifications/test")).json() == {"delivered": True, "error": None}
    assert receiver.received[0].is_signed_by(made["secret"])
    receiver.status = 500
    assert api.post(of(ready, "/notifications/test")).json() == {"delivered": False, "error": "it answered 500"}
    assert api.get(of(ready, "/notifications")).json()["webhook"]["error"] == "it answered 500"
    assert api.delete(of(ready, "/notifications")).status_code == 204
    assert api.get(of(ready, "/notifications")).json() == nothing
    assert api.post(of(ready, "/notifications/test")).status_code == 404


def test_faulty_webhooks_are_refused_by_field(api: TestClient, ready: Ready) -> None:
    for body, sentence in (
        ({"url": "ftp://x.example.com"}, "url: give an https URL"),
        ({"url": "https://x.example.com", "events": ["run.started"]}, "events: 'run.started' is no event"),
        ({}, "url: this field is required"),
    ):
        refused = api.put(of(ready, "/notifications"), json=body)
        assert refused.status_code == 400
        assert refused.json()["error"].startswith(sentence), refused.json()


def test_what_a_run_tells_arrives_when_it_ends(api: TestClient, ready: Ready, receiver: WebhookServer) -> None:
    api.put(of(ready, "/notifications"), json={"url": receiver.url}).raise_for_status()
    finished(ready)
    assert receiver.events == ["production.changed", "run.completed"]
    receiver.received.clear()
    run = started(ready)
    finish_run(ready.event("finish_run", "failed", run=run.id), Context())
    assert receiver.events == ["run.failed"]
