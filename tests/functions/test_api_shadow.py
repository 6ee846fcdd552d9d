from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from functions.shadow_requests.handler import handler
from gero import access
from tests.functions.conftest import Ready
from tests.functions.context import Context
from tests.functions.shadowing import shadow_event
from tests.functions.workflow import finished


@pytest.fixture
def api(ready: Ready) -> TestClient:
    return TestClient(create_app(), headers={"Authorization": f"Bearer {ready.token}"})


def path(ready: Ready) -> str:
    return f"/api/leaderboards/{ready.leaderboard.id}"


def switched_on(api: TestClient, ready: Ready, **wanted: Any) -> None:
    changed = api.patch(path(ready), json={"inference": {"shadow": {"percent": 5, **wanted}}})
    assert changed.status_code == 200, changed.text


def told(api: TestClient, ready: Ready) -> str:
    return str(api.get(f"{path(ready)}/shadow").json()["told"])


def test_before_it_is_switched_on_it_says_how(api: TestClient, ready: Ready) -> None:
    found = api.get(f"{path(ready)}/shadow").json()
    assert (found["percent"], found["challenger"], found["pairs"]) == (0, None, [])
    assert '{"inference": {"shadow": {"percent": 5}}}' in found["told"]
    assert "gero leaderboard update --shadow-percent 5" in found["told"]


def test_it_says_who_is_asked_and_why_nobody_is(api: TestClient, ready: Ready) -> None:
    switched_on(api, ready)
    assert "complete a run first" in told(api, ready)
    finished(ready)
    assert told(api, ready) == "5 % of requests also go to bad, after good has answered."
    assert api.get(f"{path(ready)}/shadow").json()["challenger_id"] == ready.bad
    switched_on(api, ready, model_id=ready.good)
    assert "which serves itself or was not ranked" in told(api, ready)


def test_production_and_challenger_are_shown_on_the_same_requests(api: TestClient, ready: Ready) -> None:
    finished(ready)
    handler(shadow_event(ready), Context())
    found = api.get(f"{path(ready)}/shadow").json()
    assert api.get(f"/v1/leaderboard/{ready.leaderboard.id}/shadow").json() == found
    (pair,) = found["pairs"]
    assert (pair["production"]["model_id"], pair["challenger"]["model_id"]) == (ready.good, ready.bad)
    assert (pair["requests"], pair["compared"], pair["evaluation"]) == (2, 2, "exact")
    assert pair["production"]["cost_per_1000_usd"] == pytest.approx(0.0315)
    assert pair["agreement"]["mean"] == 0
    assert pair["agreement"]["low"] == 0 < pair["agreement"]["high"]
    assert (pair["difference"], pair["verdict"]) == (None, None)
    assert pair["told"].startswith("Beside good, on 2 requests: bad gives the same answer on 0-")
    assert any("not accuracy" in limit for limit in pair["limits"])


def test_the_figures_can_be_forgotten_by_who_may_change_the_leaderboard(api: TestClient, ready: Ready) -> None:
    finished(ready)
    handler(shadow_event(ready), Context())
    _, reader = access.tokens.create(ready.workspace, "reader", ["leaderboards:read"])
    refused = api.delete(f"{path(ready)}/shadow", headers={"Authorization": f"Bearer {reader}"})
    assert refused.status_code == 403
    assert api.delete(f"{path(ready)}/shadow").status_code == 204
    assert api.get(f"{path(ready)}/shadow").json()["pairs"] == []


def test_a_strangers_leaderboard_has_no_shadow(api: TestClient, ready: Ready) -> None:
    _, stranger = access.workspaces.create("other")
    headers = {"Authorization": f"Bearer {stranger}"}
    assert api.get(f"{path(ready)}/shadow", headers=headers).status_code == 404
    assert api.delete(f"{path(ready)}/shadow", headers=headers).status_code == 404
