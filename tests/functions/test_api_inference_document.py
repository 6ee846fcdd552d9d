"""What the OpenAPI document says of the inference paths, beside what the inference function really answers."""

import re
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from functions.serve_inference.handler import App
from gero import access
from gero.access import budgets
from gero.kit import money
from tests.functions.conftest import Ready
from tests.functions.serving import path
from tests.functions.workflow import finished

CHAT = {"model": "tickets", "messages": [{"role": "user", "content": "Where is my parcel?"}]}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app().openapi()


@pytest.fixture
def budgeted(endpoint: httpx.Client, ready: Ready) -> httpx.Client:
    """The inference endpoint for a token with a budget, once a model serves."""
    finished(ready)
    wanted = {"name": "web", "scopes": ["leaderboards:inference"], "budget_limit": 5, "budget_reset_interval": "daily"}
    api = TestClient(create_app(), headers={"Authorization": f"Bearer {ready.token}"})
    secret = api.post("/api/tokens", json=wanted).json()["secret"]
    endpoint.headers["Authorization"] = f"Bearer {secret}"
    return endpoint


def operation(document: dict[str, Any], method: str, place: str) -> dict[str, Any]:
    return dict(document["paths"][place][method])


def fields(document: dict[str, Any], name: str) -> set[str]:
    return set(document["components"]["schemas"][name]["properties"])


def told(answer: httpx.Response) -> set[str]:
    return {name for name in answer.headers if name.startswith("x-dr.gero-")}


def documented(document: dict[str, Any], place: str, status: int) -> set[str]:
    return {name.lower() for name in operation(document, "post", place)["responses"][str(status)].get("headers", {})}


def test_each_path_of_the_inference_function_is_described(document: dict[str, Any]) -> None:
    described = {
        (method, re.sub("{.*?}", "x", place)) for place, found in document["paths"].items() for method in found
    }
    for route in App()._routes:
        place = re.sub(r"\(.*?\)", "x", route.path.pattern)
        if not place.startswith("/api/"):  # other names of paths under /v1/
            assert (route.method.lower(), place) in described


@pytest.mark.parametrize("openai", [True, False])
def test_an_answer_has_the_headers_and_fields_that_are_described(
    budgeted: httpx.Client, ready: Ready, document: dict[str, Any], openai: bool
) -> None:
    url, place = path(ready), "/v1/leaderboard/{leaderboard_id}/inference"
    if openai:
        url = place = "/v1/chat/completions"
    ready.models.fault = lambda model, prompt, attempt: 503 if model == "good" else 200
    answer = budgeted.post(url, json=CHAT)
    assert answer.status_code == 200, answer.text
    assert told(answer) == documented(document, place, 200), "it had messages, a budget, and a fallback"
    assert set(answer.json()) == fields(document, "ChatAnswer" if openai else "InferenceAnswer")


def test_a_refusal_has_the_headers_and_the_shape_that_are_described(
    budgeted: httpx.Client, ready: Ready, document: dict[str, Any]
) -> None:
    place = "/v1/leaderboard/{leaderboard_id}/inference"
    ready.models.fault = lambda model, prompt, attempt: 429
    refused = budgeted.post(path(ready), json=CHAT)
    assert refused.status_code == 429
    assert told(refused) <= documented(document, place, 429)
    assert set(refused.json()) == fields(document, "ErrorView")
    refused = budgeted.post("/v1/chat/completions", json=CHAT)
    assert set(refused.json()["error"]) == fields(document, "OpenAIFault")
    assert set(budgeted.get("/v1/models/tickets").json()) == fields(document, "AskableView")


def test_a_budget_that_is_set_aside_is_told_as_it_is_described(
    budgeted: httpx.Client, ready: Ready, document: dict[str, Any]
) -> None:
    caller = access.authenticate(budgeted.headers)
    budgets.reserve(caller, 5 * money.NANOS_PER_USD)
    refused = budgeted.post(path(ready), json=CHAT)
    assert (refused.status_code, refused.json()["code"]) == (402, "budget_reserved")
    place = "/v1/leaderboard/{leaderboard_id}/inference"
    assert told(refused) | {"retry-after"} == documented(document, place, 402)
    assert refused.headers["Retry-After"]


def test_the_shapes_that_are_named_are_there_and_streams_are_described(document: dict[str, Any]) -> None:
    for place in ("/v1/leaderboard/{leaderboard_id}/inference", "/v1/models/{model_id}/inference"):
        responses = operation(document, "post", place)["responses"]
        assert responses["402"]["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorView")
        assert set(responses["200"]["content"]) == {"application/json", "text/event-stream"}
    chat = operation(document, "post", "/v1/chat/completions")["responses"]
    for status in ("400", "401", "402", "403", "404", "409", "413", "429", "502", "503"):
        schema = chat[status]["content"]["application/json"]["schema"]
        assert schema["$ref"].endswith("/OpenAIErrorView")
    assert {"ErrorView", "OpenAIErrorView"} <= set(document["components"]["schemas"])
