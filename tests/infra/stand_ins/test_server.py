"""The stand-in models through a real HTTP client, in OpenAI's format."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from infra.local.stand_ins import LABELS, MODELS, PROMPT, StandIns

_KEY = "sk-stand-in"
_PROMPT = PROMPT.replace("{input}", "Where is my parcel?")
_REQUEST = {"model": "keyword-small", "messages": [{"role": "user", "content": _PROMPT}], "temperature": 0}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with StandIns() as stand_ins, httpx.Client(base_url=stand_ins.models_url) as client:
        yield client


@pytest.fixture(scope="module")
def keyed() -> Iterator[httpx.Client]:
    with StandIns(api_key=_KEY) as stand_ins, httpx.Client(base_url=stand_ins.models_url) as client:
        yield client


def _error(response: httpx.Response) -> dict[str, Any]:
    assert response.headers["Content-Type"].startswith("application/json")
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return dict(error)


@pytest.mark.parametrize("model", MODELS)
def test_a_completion_has_openais_shape(client: httpx.Client, model: str) -> None:
    response = client.post("/chat/completions", json=_REQUEST | {"model": model})
    assert response.status_code == 200
    completion = response.json()
    assert completion["object"] == "chat.completion"
    assert completion["model"] == model
    (choice,) = completion["choices"]
    assert choice["index"] == 0
    assert choice["finish_reason"] == "stop"
    assert choice["message"]["role"] == "assistant"
    assert choice["message"]["content"] in LABELS


def test_tokens_are_counted_as_four_characters(client: httpx.Client) -> None:
    completion = client.post("/chat/completions", json=_REQUEST).json()
    tokens_in, tokens_out = -(-len(_PROMPT) // 4), 2
    assert completion["choices"][0]["message"]["content"] == "shipping"
    assert completion["usage"] == {
        "prompt_tokens": tokens_in,
        "completion_tokens": tokens_out,
        "total_tokens": tokens_in + tokens_out,
    }


def test_the_last_user_message_is_answered_and_its_content_may_come_in_parts(client: httpx.Client) -> None:
    messages = [
        {"role": "system", "content": "Sort this."},
        {"role": "user", "content": "my password"},
        {"role": "assistant", "content": None},
        {"role": "user", "content": [{"type": "text", "text": "where is my parcel"}]},
    ]
    completion = client.post("/chat/completions", json=_REQUEST | {"messages": messages}).json()
    assert completion["choices"][0]["message"]["content"] == "shipping"


def test_an_answer_is_cut_at_the_asked_number_of_tokens(client: httpx.Client) -> None:
    (choice,) = client.post("/chat/completions", json=_REQUEST | {"max_tokens": 1}).json()["choices"]
    assert choice["message"]["content"] == "ship"
    assert choice["finish_reason"] == "length"


def test_a_stream_carries_the_answer_then_the_usage_then_done(client: httpx.Client) -> None:
    asked = _REQUEST | {"stream": True, "stream_options": {"include_usage": True}}
    response = client.post("/chat/completions", json=asked)
    assert response.headers["Content-Type"] == "text/event-stream"
    *events, done = [event.removeprefix("data: ") for event in response.text.split("\n\n")[:-1]]
    *chunks, usage = [json.loads(event) for event in events]
    assert done == "[DONE]"
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == "shipping"
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert usage["usage"]["completion_tokens"] == 2


def test_the_simulated_latency_is_waited_for(client: httpx.Client) -> None:
    started = time.perf_counter()
    client.post("/chat/completions", json=_REQUEST | {"model": "rules-and-overlap"})
    assert time.perf_counter() - started >= MODELS["rules-and-overlap"].latency_seconds(_PROMPT) * 0.95


def test_an_unknown_model_is_not_found(client: httpx.Client) -> None:
    response = client.post("/chat/completions", json=_REQUEST | {"model": "gpt-0"})
    assert response.status_code == 404
    assert _error(response)["code"] == "model_not_found"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"\xff",
        b"[]",
        b"{}",
        b'{"model": "keyword-small"}',
        b'{"model": "keyword-small", "messages": []}',
        b'{"model": "keyword-small", "messages": [{"content": "no role"}]}',
        b'{"model": "keyword-small", "messages": "hello"}',
        b'{"model": 3, "messages": [{"role": "user", "content": "x"}]}',
        b'{"model": "keyword-small", "messages": [{"role": "user", "content": "x"}], "max_tokens": 0}',
    ],
)
def test_a_malformed_body_is_a_bad_request(client: httpx.Client, body: bytes) -> None:
    response = client.post("/chat/completions", content=body)
    assert response.status_code == 400
    assert _error(response)["type"] == "invalid_request_error"


def test_an_unknown_path_or_method_gets_an_error_object(client: httpx.Client) -> None:
    assert _error(client.get("/nothing"))["type"] == "invalid_request_error"
    assert client.get("/nothing").status_code == 404
    assert client.get("/chat/completions").status_code == 405


def test_the_models_are_listed_with_names_and_prices(client: httpx.Client) -> None:
    listed = client.get("/models").json()
    assert listed["object"] == "list"
    assert [model["id"] for model in listed["data"]] == list(MODELS)
    for model in listed["data"]:
        assert model["object"] == "model"
        price = float(model["pricing"]["prompt"]) * 1e6
        assert price == pytest.approx(MODELS[model["id"]].input_usd_per_million)


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", _KEY, "Bearer ünïcode"])
def test_without_the_configured_key_nothing_is_answered(keyed: httpx.Client, authorization: str | None) -> None:
    headers = httpx.Headers({"Authorization": authorization} if authorization else {}, encoding="utf-8")
    for response in (keyed.get("/models", headers=headers), keyed.post("/chat/completions", headers=headers)):
        assert response.status_code == 401
        assert _error(response)["code"] == "invalid_api_key"


def test_the_configured_key_opens_the_models(keyed: httpx.Client) -> None:
    response = keyed.post("/chat/completions", json=_REQUEST, headers={"Authorization": f"Bearer {_KEY}"})
    assert response.status_code == 200


def test_closing_is_quick_and_leaves_no_thread_and_no_port() -> None:
    before = threading.active_count()
    stand_ins = StandIns()
    client = httpx.Client()
    assert client.get(f"{stand_ins.models_url}/models").status_code == 200  # leaves a kept-alive connection
    started = time.perf_counter()
    stand_ins.close()
    stand_ins.close()
    assert time.perf_counter() - started < 1
    assert threading.active_count() == before
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{stand_ins.models_url}/models")
    client.close()


def test_a_taken_port_is_an_error_that_leaves_nothing_running() -> None:
    before = threading.active_count()
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        StandIns(ports={"hub": taken.getsockname()[1]})
    assert threading.active_count() == before
