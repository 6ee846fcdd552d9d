"""A model is asked once before it is compared."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from gero.leaderboards import candidates
from tests.functions.conftest import ROWS, Ready
from tests.functions.workflow import finished

SECRET = "sk-trial-0123456789"


@pytest.fixture
def api(ready: Ready) -> Iterator[TestClient]:
    with TestClient(create_app(), headers={"Authorization": f"Bearer {ready.token}"}) as client:
        yield client


def tried(api: TestClient, ready: Ready, **body: Any) -> Any:
    path = f"/api/leaderboards/{ready.leaderboard.id}/models/test"
    described = {"endpoint_url": ready.models.url, "model": "good", "auth_token": SECRET} | body
    answer = api.post(path, json=described)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_good_model_shows_its_answer_latency_cost_and_usage_and_is_not_added(api: TestClient, ready: Ready) -> None:
    prices = {"input_cost_per_million_usd": 2, "output_cost_per_million_usd": 8}
    told = tried(api, ready, input="The app crashes", **prices)
    assert (told["ok"], told["output"], told["input"]) == (True, "technical", "The app crashes")
    assert (told["tokens_in"], told["tokens_out"], told["usage_estimated"]) == (20, 5, False)
    assert told["cost_usd"] == pytest.approx((20 * 2 + 5 * 8) / 1e6)
    assert told["latency_ms"] > 0
    assert (told["finish_reason"], told["model"], told["error"]) == ("stop", "good", None)
    assert ready.models.requests[-1]["body"]["messages"][0]["content"] == "Which team?\n\nThe app crashes"
    assert len(list(candidates.listed(ready.workspace, ready.leaderboard.id))) == 2


def test_without_a_text_it_is_asked_the_first_row_or_a_sample(api: TestClient, ready: Ready) -> None:
    ready.models.answer = lambda model, prompt: "fine"
    assert tried(api, ready)["input"].startswith("This is a test")
    finished(ready)
    assert tried(api, ready)["input"] == ROWS[0]["input"]


@pytest.mark.parametrize(
    ("status", "code", "hint"),
    [
        (401, "endpoint_refused", "check the address, the model's name and the token"),
        (404, "endpoint_refused", "check the address"),
        (400, "model_call_failed", "does not accept this request"),
        (402, "quota_exhausted", "quota or credit is used up"),
        (429, "rate_limited", "slows down by itself"),
        (500, "model_call_failed", "try again"),
    ],
)
def test_what_is_the_matter_is_told_with_what_to_do(
    api: TestClient, ready: Ready, status: int, code: str, hint: str
) -> None:
    ready.models.fault = lambda model, prompt, attempt: status
    told = tried(api, ready, input="The app crashes")
    assert (told["ok"], told["code"], told["output"]) == (False, code, None)
    assert told["error"].startswith(f"the endpoint answered {status}")
    assert hint in told["hint"]
    assert len(ready.models.requests) == 1, "a test is one call"


def test_an_address_where_nobody_answers_is_told(api: TestClient, ready: Ready) -> None:
    told = tried(api, ready, endpoint_url="http://127.0.0.1:9/v1", input="Hello")
    assert (told["ok"], told["code"]) == (False, "model_call_failed")


def test_the_secret_is_sent_and_never_shown(api: TestClient, ready: Ready) -> None:
    told = tried(api, ready, input="The app crashes")
    assert ready.models.requests[-1]["headers"]["authorization"] == f"Bearer {SECRET}"
    assert SECRET not in str(told)


def test_a_model_of_the_leaderboard_is_tried_as_it_is(api: TestClient, ready: Ready) -> None:
    path = f"/api/leaderboards/{ready.leaderboard.id}/models/{ready.bad}/test"
    told = api.post(path, json={"input": "The app crashes"}).json()
    assert (told["ok"], told["output"]) == (True, "billing")
    assert api.post(path).status_code == 200
    missing = api.post(f"/api/leaderboards/{ready.leaderboard.id}/models/none/test")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


def test_a_faulty_body_is_refused_as_when_adding(api: TestClient, ready: Ready) -> None:
    path = f"/api/leaderboards/{ready.leaderboard.id}/models/test"
    answer = api.post(path, json={"platform": "custom", "model": "m"})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("endpoint_url: give the https address")
    unconnected = api.post(path, json={"platform": "openrouter", "model": "a/b"})
    assert (unconnected.status_code, unconnected.json()["code"]) == (409, "integration_missing")
