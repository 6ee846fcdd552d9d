import gzip
import json
import uuid
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.semconv.attributes import error_attributes

from gero.traces import Trace, captured, otel, otlp

CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
TRACE = Trace(
    trace_id="019f0000-0000-7000-8000-000000000001",
    source="inference",
    created_at="2026-07-01T00:00:00.500Z",
    input="hello",
    messages=[
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": [{"type": "text", "text": "hello"}, {"type": "image_url", "image_url": {}}]},
    ],
    output="hi",
    tool_calls=[CALL],
    model="small",
    response_model="small-2026",
    provider="Acme",
    finish_reason="stop",
    parameters={"temperature": 1, "max_tokens": 5, "stop": "x", "seed": 7, "n": True, "top_p": "high", "tools": []},
    latency_ms=250.0,
    first_byte_ms=100.0,
    streamed=True,
    tokens_in=10,
    tokens_out=2,
    cost_nanos=1_500,
    score=500_000,
    reason="so so",
)


def test_every_name_is_one_of_the_conventions_or_geros_own() -> None:
    known = {value for name, value in vars(gen_ai_attributes).items() if name.startswith("GEN_AI_")}
    known.add(error_attributes.ERROR_TYPE)
    told = otel.attributes(Trace("t", "run", "2026-01-01T00:00:00Z", error="down"), "l") | otel.attributes(TRACE, "l")
    assert {name for name in told if not name.startswith("gero.")} <= known
    assert told["error.type"]


def test_a_trace_is_told_in_the_words_of_the_conventions() -> None:
    told = otel.attributes(TRACE, "l")
    assert {name: told[f"gen_ai.{name}"] for name in ("request.model", "response.model", "provider.name")} == {
        "request.model": "small",
        "response.model": "small-2026",
        "provider.name": "Acme",
    }
    assert (told["gen_ai.request.temperature"], told["gen_ai.request.max_tokens"]) == (1.0, 5)
    assert told["gen_ai.request.stop_sequences"] == ["x"]
    assert not {"gen_ai.request.choice.count", "gen_ai.request.top_p"} & set(told), "neither is a number"
    assert (told["gen_ai.usage.input_tokens"], told["gen_ai.usage.output_tokens"]) == (10, 2)
    assert told["gen_ai.evaluation.score.value"] == 0.5
    assert told["gen_ai.response.time_to_first_chunk"] == pytest.approx(0.1)
    asked = json.loads(told["gen_ai.input.messages"])
    assert asked[0] == {"role": "system", "parts": [{"type": "text", "content": "be kind"}]}
    assert asked[1]["parts"] == [{"type": "text", "content": "hello"}, {"type": "image_url"}]
    (said,) = json.loads(told["gen_ai.output.messages"])
    assert said["parts"][1] == {"type": "tool_call", "id": "c1", "name": "look", "arguments": "{}"}
    assert told["gero.cost_usd"] == 1.5e-6


def test_what_a_tool_answered_is_told_with_the_call_it_answers() -> None:
    parts = [{"type": "text", "text": "rain"}]
    given = [{"role": "tool", "tool_call_id": "c1", "content": content} for content in ("22", parts, None)]
    told = otel.attributes(Trace("t", "inference", "2026-07-01T00:00:00Z", messages=given))
    (text,), (some,), (nothing,) = (one["parts"] for one in json.loads(told["gen_ai.input.messages"]))
    assert text == {"type": "tool_call_response", "id": "c1", "response": "22"}
    assert some["response"] == [{"type": "text", "content": "rain"}]
    assert nothing["response"] is None


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"type": "json_schema", "json_schema": {}}, "json"),
        ({"type": "json_object"}, "json"),
        ({"type": "text"}, "text"),
        ({"type": "grammar"}, None),
        ({"type": []}, None),
        ("json", None),
    ],
)
def test_the_wanted_form_of_the_answer_is_told_where_the_conventions_know_it(wanted: Any, told: str | None) -> None:
    trace = Trace("t", "inference", "2026-07-01T00:00:00Z", parameters={"response_format": wanted})
    assert otel.attributes(trace).get(gen_ai_attributes.GEN_AI_OUTPUT_TYPE) == told


def test_what_was_not_captured_is_not_told() -> None:
    told = otel.attributes(captured(TRACE, content=False, redact=()), "l")
    assert not {name for name in told if name.endswith(("messages", "explanation"))}
    assert "hello" not in json.dumps(told)


def test_a_span_of_a_trace_without_content_has_none() -> None:
    left_out = captured(TRACE, content=False, redact=())
    body = gzip.decompress(otlp.request("w", [("l", left_out)]))
    for text in (b"hello", b"be kind", b"so so", b"look", b'"hi"'):
        assert text in gzip.decompress(otlp.request("w", [("l", TRACE)])), "or this test shows nothing"
        assert text not in body


def spans(body: bytes) -> list[Any]:
    message = ExportTraceServiceRequest.FromString(gzip.decompress(body))
    return [span for one in message.resource_spans for scope in one.scope_spans for span in scope.spans]


def test_a_span_has_the_traces_id_its_times_and_its_failure() -> None:
    failed = Trace("mine", "inference", "2026-07-01T00:00:00Z", model="small", error="the endpoint answered 500")
    good, bad = spans(otlp.request("w", [("l", TRACE), ("l", failed)]))
    assert good.trace_id == uuid.UUID(TRACE.trace_id).bytes
    assert (len(bad.trace_id), len(bad.span_id), good.name) == (16, 8, "chat small")
    assert good.end_time_unix_nano - good.start_time_unix_nano == 250_000_000
    assert good.start_time_unix_nano == 1_782_864_000_500_000_000
    assert (good.status.code, bad.status.code, bad.status.message) == (0, 2, "the endpoint answered 500")
    values = {pair.key: pair.value for pair in good.attributes}
    assert values["gen_ai.response.finish_reasons"].array_value.values[0].string_value == "stop"
    assert values["gen_ai.usage.input_tokens"].int_value == 10
    assert values["gen_ai.request.stream"].bool_value


def test_times_are_exact() -> None:
    trace = Trace("t", "inference", "2026-07-01T00:00:00.123Z", latency_ms=1.1)
    (span,) = spans(otlp.request("w", [("l", trace)]))
    assert span.start_time_unix_nano == 1_782_864_000_123_000_000
    assert span.end_time_unix_nano - span.start_time_unix_nano == 1_100_000


def test_a_count_that_no_integer_of_the_format_holds_is_told_as_text() -> None:
    huge = Trace("t", "inference", "2026-07-01T00:00:00Z", parameters={"seed": 1 << 80})
    (span,) = spans(otlp.request("w", [("l", huge)]))
    assert {pair.key: pair.value.string_value for pair in span.attributes}["gen_ai.request.seed"] == str(1 << 80)
