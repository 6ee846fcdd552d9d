"""How a leaderboard is served and what is kept of it, over the API: `inference` and `traces`."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from gero.providers import serving
from tests.functions.conftest import Ready
from tests.functions.workflow import finished

PLAIN = {
    "messages_prompt": "apply",
    "fallbacks": 2,
    "hedge_after_ms": None,
    "shadow": {"percent": 0.0, "model_id": None},
}
KEPT = {"capture_content": True, "redact": [], "retention_days": None}
NEW = {"name": "Second", "system_prompt": "Sort {input}", "dataset_type": "PUSH"}


@pytest.fixture
def api(ready: Ready) -> TestClient:
    return TestClient(create_app(), headers={"Authorization": f"Bearer {ready.token}"})


def path(ready: Ready) -> str:
    return f"/api/leaderboards/{ready.leaderboard.id}"


def patched(api: TestClient, ready: Ready, **fields: Any) -> Any:
    answer = api.patch(path(ready), json=fields)
    assert answer.status_code == 200, answer.text
    assert api.get(path(ready)).json()["inference"] == answer.json()["inference"]
    return answer.json()


def test_without_a_word_a_leaderboard_has_the_usual_settings(api: TestClient, ready: Ready) -> None:
    found = api.get(path(ready)).json()
    assert (found["inference"], found["traces"]) == (PLAIN, KEPT)


def test_a_leaderboard_is_created_with_settings_in_either_case(api: TestClient, ready: Ready) -> None:
    inference = {"messagesPrompt": "bypass", "fallbacks": 0, "hedge_after_ms": 800, "shadow": {"percent": 2.5}}
    traces = {"captureContent": False, "redact": ["email", "order-[0-9]+"], "retentionDays": 30}
    created = api.post("/api/leaderboards", json={**NEW, "inference": inference, "traces": traces}).json()
    assert created["inference"] == {
        "messages_prompt": "bypass",
        "fallbacks": 0,
        "hedge_after_ms": 800,
        "shadow": {"percent": 2.5, "model_id": None},
    }
    assert created["traces"] == {"capture_content": False, "redact": ["email", "order-[0-9]+"], "retention_days": 30}
    used = serving.settings_of(ready.workspace, created["id"])
    assert (used.messages_prompt, used.hedge_after_ms, used.shadow_percent) == ("bypass", 800, 2.5)
    assert (used.capture_content, used.redact, used.retention_days) == (False, ("email", "order-[0-9]+"), 30)


def test_a_patch_changes_only_what_it_names_however_deep(api: TestClient, ready: Ready) -> None:
    patched(api, ready, inference={"hedge_after_ms": 300, "shadow": {"percent": 5, "model_id": ready.bad}})
    shadow = {"percent": 5.0, "model_id": ready.bad}
    found = patched(api, ready, inference={"fallbacks": 0})
    assert found["inference"] == PLAIN | {"fallbacks": 0, "hedge_after_ms": 300, "shadow": shadow}
    found = patched(api, ready, inference={"shadow": {"percent": 7.5}})["inference"]
    assert found["shadow"] == {"percent": 7.5, "model_id": ready.bad}
    found = patched(api, ready, inference={"hedgeAfterMs": None, "shadow": {"modelId": None}})["inference"]
    assert found == PLAIN | {"fallbacks": 0, "shadow": {"percent": 7.5, "model_id": None}}
    used = serving.settings_of(ready.workspace, ready.leaderboard.id)
    assert (used.fallbacks, used.hedge_after_ms, used.shadow_percent, used.shadow_model_id) == (0, None, 7.5, None)


def test_a_patch_of_traces_replaces_the_patterns_and_keeps_the_rest(api: TestClient, ready: Ready) -> None:
    patched(api, ready, traces={"redact": ["email", "phone"], "retention_days": 90})
    found = patched(api, ready, traces={"redact": ["iban"]})["traces"]
    assert found == {"capture_content": True, "redact": ["iban"], "retention_days": 90}
    found = patched(api, ready, traces={"redact": [], "retention_days": None, "capture_content": False})["traces"]
    assert found == KEPT | {"capture_content": False}
    assert patched(api, ready, inference={"fallbacks": 1})["traces"] == found


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"inference": {"messages_prompt": "sometimes"}}, "inference.messages_prompt"),
        ({"inference": {"fallbacks": 10}}, "inference.fallbacks"),
        ({"inference": {"fallbacks": None}}, "inference.fallbacks"),
        ({"inference": {"hedge_after_ms": 0}}, "inference.hedge_after_ms"),
        ({"inference": {"hedge_after_ms": 60_001}}, "inference.hedge_after_ms"),
        ({"inference": {"shadow": {"percent": 101}}}, "inference.shadow.percent"),
        ({"inference": {"shadow": {"share": 5}}}, "inference.shadow.share"),
        ({"inference": {"shadow": None}}, "inference.shadow"),
        ({"inference": {"retries": 3}}, "inference.retries"),
        ({"traces": {"retention_days": 31}}, "traces.retention_days"),
        ({"traces": {"capture_content": None}}, "traces.capture_content"),
        ({"traces": {"redact": "email"}}, "traces.redact"),
        ({"traces": {"redact": ["a"] * 21}}, "traces.redact"),
    ],
)
def test_a_faulty_setting_is_refused_by_its_name(
    api: TestClient, ready: Ready, settings: dict[str, Any], field: str
) -> None:
    for answer in (api.patch(path(ready), json=settings), api.post("/api/leaderboards", json={**NEW, **settings})):
        assert answer.status_code == 400
        assert answer.json()["error"].startswith(f"{field}: ")
        assert answer.json()["details"]["errors"][0]["field"] == field
    found = api.get(path(ready)).json()
    assert (found["inference"], found["traces"], found["version"]) == (PLAIN, KEPT, 1)


@pytest.mark.parametrize("part", ["inference", "traces"])
def test_the_settings_cannot_be_made_null(api: TestClient, ready: Ready, part: str) -> None:
    refused = api.patch(path(ready), json={part: None})
    assert (refused.status_code, refused.json()["error"]) == (400, f"{part}: cannot be null")


def test_the_challenger_must_be_a_model_of_the_leaderboard(api: TestClient, ready: Ready) -> None:
    elsewhere = {"inference": {"shadow": {"percent": 5, "model_id": "nobody"}}}
    refused = api.patch(path(ready), json=elsewhere).json()
    assert refused["error"] == "inference.shadow.model_id: no such model on this leaderboard"
    assert refused["details"] == {"field": "inference.shadow.model_id"}
    refused = api.post("/api/leaderboards", json={**NEW, **elsewhere})
    assert (refused.status_code, refused.json()["details"]) == (400, {"field": "inference.shadow.model_id"})
    assert patched(api, ready, name="Renamed")["inference"] == PLAIN


def test_a_challenger_that_has_left_is_in_nobodys_way(api: TestClient, ready: Ready) -> None:
    finished(ready)
    shadow = {"percent": 5.0, "model_id": ready.bad}
    patched(api, ready, inference={"shadow": shadow})
    assert api.delete(f"{path(ready)}/models/{ready.bad}").status_code == 204
    found = patched(api, ready, inference={"fallbacks": 1, "shadow": shadow})["inference"]
    assert found == PLAIN | {"fallbacks": 1, "shadow": shadow}, "what is read may be sent back"
    served = serving.of_leaderboard(ready.workspace, ready.leaderboard.id)
    assert isinstance(served, serving.Serving)
    assert served.others == ()
    patched(api, ready, inference={"shadow": {"model_id": None}})
    again = api.patch(path(ready), json={"inference": {"shadow": shadow}})
    assert again.status_code == 400
