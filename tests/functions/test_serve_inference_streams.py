import json
import time
from typing import Any

import httpx
import pytest

from tests.functions.conftest import Ready
from tests.functions.serving import leave, path, sent_trace
from tests.functions.workflow import finished
from tests.model_server import chunk


def streamed(ready: Ready) -> dict[str, Any]:
    return {"url": path(ready), "json": {"input": "Where is my parcel?", "stream": True}}


def test_a_stream_comes_as_the_model_speaks_and_is_recorded(endpoint: httpx.Client, ready: Ready) -> None:
    finished(ready)
    ready.models.answer = lambda model, prompt: "one two three four"
    ready.models.chunk_seconds = 0.1
    times, data = [], []
    with endpoint.stream("POST", **streamed(ready)) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        trace_id = answer.headers["X-Dr.Gero-Trace-Id"]
        for line in answer.iter_lines():
            if line.startswith("data: "):
                times.append(time.monotonic())
                data.append(line.removeprefix("data: "))
    assert data.pop() == "[DONE]"
    chunks = [json.loads(one) for one in data]
    said = "".join(one["choices"][0]["delta"].get("content", "") for one in chunks if one["choices"])
    assert said == "one two three four"
    assert times[-1] - times[0] > 0.25, "the first word was not held back until the last"
    assert (chunks[-1]["trace_id"], chunks[-1]["model_id"], chunks[-1]["fallback"]) == (trace_id, ready.good, False)
    trace = sent_trace()
    assert (trace.output, trace.streamed, trace.tokens_out) == ("one two three four", True, 5)
    assert trace.first_byte_ms is not None
    assert trace.latency_ms is not None
    assert trace.first_byte_ms < trace.latency_ms


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_ends_the_call_and_is_recorded(endpoint: httpx.Client, ready: Ready, stream: bool) -> None:
    finished(ready)
    ready.models.answer = lambda model, prompt: "word " * 200
    ready.models.chunk_seconds = 0.02
    if stream:
        with endpoint.stream("POST", **streamed(ready)) as answer:
            next(answer.iter_lines())
        wanted = 1
    else:
        ready.models.latency_seconds = 0.4
        leave(endpoint, ready, {"input": "Where is my parcel?"})
        wanted = 0
    trace = sent_trace()
    assert "the client left" in str(trace.error)
    assert len(trace.output or "") < 1000
    end = time.monotonic() + 10
    while ready.models.left < wanted and time.monotonic() < end:
        time.sleep(0.02)
    assert ready.models.left == wanted


def test_a_stream_that_breaks_in_the_middle_ends_with_an_error(endpoint: httpx.Client, ready: Ready) -> None:
    finished(ready)
    delta = [{"index": 0, "delta": {"content": "half"}, "finish_reason": None}]
    ready.models.events = lambda model, prompt: [chunk(model, choices=delta)]
    answer = endpoint.post(**streamed(ready))
    *_, told = [line for line in answer.text.split("\n\n") if line]
    assert answer.status_code == 200
    assert "broke off" in json.loads(told.removeprefix("data: "))["error"]["message"]
    trace = sent_trace()
    assert trace.output == "half"
    assert "broke off" in str(trace.error)


def test_a_failure_before_the_first_word_has_its_status(endpoint: httpx.Client, ready: Ready) -> None:
    finished(ready)
    ready.models.fault = lambda model, prompt, attempt: 503
    answer = endpoint.post(**streamed(ready))
    assert (answer.status_code, answer.json()["code"]) == (502, "model_call_failed")
