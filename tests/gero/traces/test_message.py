import pytest

from gero.traces import Trace, TraceMessage

MESSAGE_LIMIT = 1024 * 1024


def message(text: str, **more: object) -> TraceMessage:
    return TraceMessage("w", "l", Trace("t", "inference", "now", input=text, output=text, **more))  # type: ignore[arg-type]


def test_a_trace_arrives_as_it_was_sent() -> None:
    sent = message("größe", messages=[{"role": "user", "content": "größe"}], latency_ms=1.5, cost_nanos=7)
    assert TraceMessage.decode(sent.encode()) == sent


@pytest.mark.parametrize("character", ["x", "ö", "語", "😀", '"', "\n", "\x00"])
def test_the_longest_texts_fit_a_message_in_any_script(character: str) -> None:
    text = character * 1_000_000
    body = message(text, messages=[{"role": "user", "content": text}]).encode()
    assert len(body.encode()) < MESSAGE_LIMIT
    arrived = TraceMessage.decode(body).trace
    assert text.startswith(arrived.input)
    assert arrived.output
    assert arrived.messages is None


def test_a_failed_call_without_an_output_travels_too() -> None:
    sent = TraceMessage("w", "l", Trace("t", "inference", "now", error="refused"))
    assert TraceMessage.decode(sent.encode()) == sent


def test_of_a_trace_that_is_too_long_the_question_stays_longest() -> None:
    asked = {"messages": [{"role": "user", "content": "x" * 300_000}], "tool_calls": ["y" * 10]}
    sent = message("q" * 300_000, parameters={"tools": ["z" * 200_000]}, **asked)
    arrived = TraceMessage.decode(sent.encode()).trace
    assert (arrived.parameters, arrived.messages, arrived.input) == (None, sent.trace.messages, sent.trace.input)
    sent = message("q" * 490_000, metadata={"n": 1}, **asked)
    arrived = TraceMessage.decode(sent.encode()).trace
    assert (arrived.messages, arrived.tool_calls, arrived.output) == (None, None, sent.trace.output)


def test_how_long_it_is_kept_travels_with_it() -> None:
    trace = Trace("t", "inference", "now", content="redacted")
    sent = TraceMessage("w", "l", trace, retention_days=30)
    assert TraceMessage.decode(sent.encode()) == sent
