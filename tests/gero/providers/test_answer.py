import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gero.kit import UpstreamFailed
from gero.providers import Answer, Endpoint
from gero.providers.answer import parse

ENDPOINT = Endpoint(
    platform="custom", url="https://x.test", input_nanos_per_million=3_000_000, output_nanos_per_million=15_000_000
)


def parsed(document: Any, content_type: str = "application/json", prompt_characters: int = 400) -> Answer:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return parse(body, content_type, ENDPOINT, prompt_characters, 12.5)


def chat(content: Any, **more: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}], **more}


@pytest.mark.parametrize(
    "document",
    [
        chat("yes"),
        chat([{"type": "text", "text": "y"}, {"type": "image"}, {"type": "text", "text": "es"}]),
        {"choices": [{"text": "yes"}]},
        {"output": "yes"},
        {"output_text": "yes"},
        {"text": "yes", "output": None},
        {"content": "yes"},
        {"response": "yes"},
        {"completion": "yes"},
        {"answer": "yes"},
        {"generated_text": "yes"},
        [{"generated_text": "yes"}],
        ["yes", "no"],
        "yes",
        {"choices": [], "output": "yes"},
    ],
    ids=json.dumps,
)
def test_the_text_is_found_in_every_accepted_shape(document: Any) -> None:
    assert parsed(document).text == "yes"
    assert parsed(document, "application/octet-stream").text == "yes"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"yes", "yes"),
        (b"", ""),
        ("größe".encode(), "größe"),
        (b"\xff!", "�!"),
        (b"{not json", "{not json"),
        (b"42", "42"),
    ],
)
def test_a_body_that_is_not_json_is_the_answer_itself(body: bytes, text: str) -> None:
    assert parsed(body, "text/plain; charset=utf-8").text == text


def test_a_refusal_without_text_is_an_empty_answer() -> None:
    assert parsed(chat(None)).text == ""
    assert parsed(chat([])).text == ""


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        None,
        42,
        {"choices": [{"delta": {}}]},
        {"choices": [{"message": {"content": 5}}]},
        {"choices": [{}]},
        {"output": {"text": "deep"}},
        {"error": {"message": "sorry"}},
        [[[]]],
        b"",
        b'{"choices": [{"message": {"content": "cut of',
        b'{"output": NaN}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
    ids=str,
)
def test_json_without_a_text_is_worth_another_try(document: Any) -> None:
    with pytest.raises(UpstreamFailed) as failed:
        parsed(document)
    assert failed.value.retryable
    assert failed.value.code == "unusable_answer"


def test_usage_model_and_finish_reason_are_taken_as_told() -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 200}
    answer = parsed(chat("yes", usage=usage, model="m-1"))
    assert (answer.tokens_in, answer.tokens_out, answer.usage_estimated) == (1000, 200, False)
    assert (answer.model, answer.finish_reason, answer.latency_ms) == ("m-1", "stop", 12.5)
    assert answer.cost_nanos == 1000 * 3 + 200 * 15


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        [],
        "x",
        {"prompt_tokens": -1},
        {"prompt_tokens": "7"},
        {"prompt_tokens": True},
        {"prompt_tokens": 10**30},
    ],
)
def test_usage_that_cannot_be_used_is_estimated_and_said_to_be(usage: Any) -> None:
    answer = parsed(chat("eight ch", usage=usage))
    assert (answer.tokens_in, answer.tokens_out, answer.usage_estimated) == (100, 2, True)
    assert answer.cost_nanos == 100 * 3 + 2 * 15


@pytest.mark.parametrize(
    "told", [{"cost_usd": 0.25}, {"usage": {"cost": "0.25"}}, {"usage": {"cost": 9}, "cost_usd": 0.25}]
)
def test_a_cost_that_the_provider_tells_wins(told: dict[str, Any]) -> None:
    assert parsed(chat("yes", **told)).cost_nanos == 250_000_000


def test_a_told_cost_of_zero_is_a_cost() -> None:
    assert parsed(chat("yes", usage={"prompt_tokens": 10, "completion_tokens": 1, "cost": 0})).cost_nanos == 0


@pytest.mark.parametrize("cost", [-1, "free", True, [1], 1e300, "NaN"])
def test_a_cost_that_is_no_amount_falls_back_to_our_prices(cost: Any) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 1, "cost": cost}
    assert parsed(chat("yes", usage=usage)).cost_nanos == 45


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["choices", "message", "content", "text", "usage", "cost"]), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=50)
@given(json_values)
def test_any_json_gives_a_text_or_the_failure_of_its_server(document: Any) -> None:
    with contextlib.suppress(UpstreamFailed):
        assert isinstance(parsed(document).text, str)


def test_with_a_providers_key_of_ones_own_the_cost_is_what_both_charge() -> None:
    usage = {"cost": 0.0001, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.002}}
    body = json.dumps({"choices": [{"message": {"content": "x"}}], "usage": usage}).encode()
    assert parse(body, "application/json", Endpoint("openrouter", "u"), 1, 1.0).cost_nanos == 2_100_000
    told = json.dumps({"choices": [{"message": {"content": "x"}}], "usage": usage | {"is_byok": False}}).encode()
    assert parse(told, "application/json", Endpoint("openrouter", "u"), 1, 1.0).cost_nanos == 100_000


def test_an_answer_that_is_nested_without_end_is_no_answer() -> None:
    with pytest.raises(UpstreamFailed, match="holds no text"):
        parse(b"[" * 500 + b"]" * 500, "application/json", Endpoint("custom", "u"), 1, 1.0)
