"""The list of OpenRouter's models, as one application answers it."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from gero import access
from infra.local.stand_ins.openrouter import OpenRouter
from tests.openrouter_server import serving


@pytest.fixture
def openrouter(cloud: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenRouter]:
    with serving(monkeypatch) as openrouter:
        yield openrouter


@pytest.fixture
def api(openrouter: OpenRouter) -> Iterator[TestClient]:
    _, token = access.workspaces.create("test")
    with TestClient(create_app(), headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


def test_models_are_listed_newest_first_with_exact_prices_and_need_no_connection(api: TestClient) -> None:
    found = api.get("/api/base-models").json()
    assert (found["count"], found["total"], found["limit"], found["offset"]) == (12, 12, 50, 0)
    created = [one["created"] for one in found["base_models"]]
    assert created == sorted(created, reverse=True)
    by_id = {one["id"]: one for one in found["base_models"]}
    assert by_id["lumen/words-8b"] | {"created": 0} == {
        "id": "lumen/words-8b",
        "name": "Lumen: Words 8B",
        "platform": "openrouter",
        "created": 0,
        "context_length": 32768,
        "input_price_per_token": "0.00000005",
        "output_price_per_token": "0.0000002",
        "input_cost_per_million_usd": 0.05,
        "output_cost_per_million_usd": 0.2,
        "open_weights": True,
        "hugging_face_id": "lumen-labs/words-8b",
    }
    auto = by_id["openrouter/auto"]
    assert (auto["input_price_per_token"], auto["output_cost_per_million_usd"]) == (None, None)
    assert (found["catalogue"]["stale"], found["catalogue"]["age_seconds"]) == (False, 0)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("query=PHRASES", ["quarry/phrases-70b", "hearth/phrases"]),
        ("query=lumen 8b", ["lumen/words-8b", "lumen/words-8b:free"]),
        ("query=phrases&open_weights_only=true", ["quarry/phrases-70b"]),
        ("query=phrases&limit=1&offset=1", ["hearth/phrases"]),
        ("query=nothing", []),
    ],
)
def test_models_are_found_by_words_and_in_pages(api: TestClient, query: str, expected: list[str]) -> None:
    assert [one["id"] for one in api.get(f"/api/base-models?{query}").json()["base_models"]] == expected


def test_a_page_says_how_many_there_are(api: TestClient) -> None:
    page = api.get("/api/base-models?query=phrases&limit=1").json()
    assert (page["count"], page["total"]) == (1, 2)


def test_a_silent_openrouter_without_a_list_is_told(
    cloud: None, api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENROUTER_BASE_URL", "http://127.0.0.1:9/api/v1")
    answer = api.get("/api/base-models")
    assert (answer.status_code, answer.json()["code"]) == (502, "unreachable")
    assert answer.json()["error"] == "catalogue: OpenRouter cannot be reached; try again"


def test_only_who_may_read_models_sees_them(api: TestClient) -> None:
    assert api.get("/api/base-models", headers={"Authorization": "Bearer wrong"}).status_code == 401
    scopes = {"name": "r", "scopes": ["leaderboards:read"]}
    reader = api.post("/api/tokens", json=scopes).json()["secret"]
    assert api.get("/api/base-models", headers={"Authorization": f"Bearer {reader}"}).status_code == 403
