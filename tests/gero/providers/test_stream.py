import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from gero import providers
from gero.kit import address
from gero.providers import AnswerStream, CallFailed, Endpoint
from tests.model_server import ModelServer, chunk


@pytest.fixture(autouse=True)
def _local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GERO_PRIVATE_NETWORKS", address.LOOPBACK)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with providers.new_session(4) as opened:
        yield opened


def delta(**fields: Any) -> bytes:
    return chunk("m", choices=[{"index": 0, "delta": fields, "finish_reason": None}])


END = chunk("m", choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
DONE = b"data: [DONE]\n\n"


async def opened(session: aiohttp.ClientSession, url: str, headers: dict[str, str] | None = None) -> AnswerStream:
    endpoint = Endpoint("custom", url, model="m", input_nanos_per_million=10**9, output_nanos_per_million=10**9)
    body = providers.request_body(endpoint, [{"role": "user", "content": "q"}], {"stream": True})
    return await providers.open_stream(session, endpoint, headers or {}, body, 5)


async def read(stream: AnswerStream) -> list[dict[str, Any]]:
    found = [json.loads(event) for events in [part async for part in stream] for event in events]
    await stream.close()
    return found


async def test_events_are_passed_on_as_they_are_and_read_on_the_way(session: aiohttp.ClientSession) -> None:
    with ModelServer(lambda model, prompt: "one two three").running() as server:
        stream = await opened(session, server.url)
        events = await read(stream)
    said = "".join(one["choices"][0]["delta"].get("content", "") for one in events if one["choices"])
    answer = stream.answer()
    assert said == answer.text == "one two three"
    assert (answer.tokens_in, answer.tokens_out, answer.finish_reason) == (20, 5, "stop")
    assert answer.cost_nanos == 25_000
    assert not answer.usage_estimated
    assert 0 < stream.first_ms <= answer.latency_ms


async def test_a_connection_is_used_again_after_its_stream(session: aiohttp.ClientSession) -> None:
    with ModelServer(lambda model, prompt: "x").running() as server:
        for _ in range(3):
            await read(await opened(session, server.url))
        assert session.connector is not None
        assert sum(len(kept) for kept in session.connector._conns.values()) == 1


async def test_tool_calls_are_put_together_from_their_pieces(session: aiohttp.ClientSession) -> None:
    first = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "look", "arguments": ""}}
    pieces = [{"index": 0, "function": {"arguments": part}} for part in ('{"a"', ": 1}")]
    with ModelServer(lambda model, prompt: "").running() as server:
        server.events = lambda model, prompt: [
            *(delta(tool_calls=[one]) for one in (first, *pieces)),
            delta(tool_calls=[{"index": 1, "id": "call_2", "function": {"name": "go", "arguments": "{}"}}]),
            END,
            DONE,
        ]
        stream = await opened(session, server.url)
        await read(stream)
    assert stream.gathered.tool_calls == [
        {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"a": 1}'}},
        {"id": "call_2", "type": "function", "function": {"name": "go", "arguments": "{}"}},
    ]


async def test_an_endpoint_that_does_not_stream_is_told_as_a_stream(session: aiohttp.ClientSession) -> None:
    with ModelServer(lambda model, prompt: "whole").running() as server:
        server.streams = False
        stream = await opened(session, server.url)
        events = await read(stream)
    assert events[0]["choices"][0]["delta"] == {"role": "assistant", "content": "whole"}
    assert events[1]["choices"][0]["finish_reason"] == "stop"
    assert events[2]["usage"]["total_tokens"] == 25
    assert stream.answer().text == "whole"


async def test_every_choice_of_an_endpoint_that_does_not_stream_is_told(session: aiohttp.ClientSession) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    messages = [{"role": "assistant", "content": "one"}, {"role": "assistant", "content": None, "tool_calls": [call]}]
    choices = [{"index": at, "message": said, "finish_reason": "stop"} for at, said in enumerate(messages)]
    with ModelServer(lambda model, prompt: "").running() as server:
        server.streams = False
        server.raw = lambda model: ("application/json", json.dumps({"choices": choices}).encode())
        stream = await opened(session, server.url)
        events = await read(stream)
    deltas = [one["choices"][0] for one in events if one["choices"]]
    assert [(one["index"], one["finish_reason"]) for one in deltas] == [(0, None), (1, None), (0, "stop"), (1, "stop")]
    assert (deltas[0]["delta"]["content"], deltas[1]["delta"]["tool_calls"]) == ("one", [{"index": 0, **call}])


@pytest.mark.parametrize("status", [429, 500, 401])
async def test_a_refusal_is_told_before_anything_came(session: aiohttp.ClientSession, status: int) -> None:
    with ModelServer(lambda model, prompt: "x").running() as server:
        server.fault = lambda model, prompt, attempt: status
        with pytest.raises(CallFailed, match=str(status)):
            await opened(session, server.url)


async def test_an_error_before_the_first_word_is_a_failed_call_without_our_secrets(
    session: aiohttp.ClientSession,
) -> None:
    told = {"error": {"code": 429, "message": "too many for key sk-secret-1"}}
    with ModelServer(lambda model, prompt: "x").running() as server:
        server.events = lambda model, prompt: [delta(role="assistant", content=""), chunk("m", **told)]
        with pytest.raises(CallFailed) as failure:
            await opened(session, server.url, {"Authorization": "Bearer sk-secret-1"})
    assert failure.value.condition == "throttled"
    assert "secret" not in failure.value.message


async def test_an_error_in_the_middle_comes_after_what_was_said(session: aiohttp.ClientSession) -> None:
    with ModelServer(lambda model, prompt: "x").running() as server:
        server.events = lambda model, prompt: [
            delta(content="so ") + delta(content="far") + chunk("m", error={"message": "gone", "code": 502})
        ]
        stream = await opened(session, server.url)
        parts = aiter(stream)
        events = await anext(parts)
        with pytest.raises(CallFailed, match="gone"):
            await anext(parts)
        await stream.close()
    assert [json.loads(event)["choices"][0]["delta"]["content"] for event in events] == ["so ", "far"]
    assert stream.answer().text == "so far"


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([DONE], "ended without an answer"),
        ([b": nothing\n\n"], "broke off"),
        ([b"data: {broken\n\n"], "not JSON"),
        ([b"data: 7\n\n"], "no chunk"),
        ([delta(role="assistant"), DONE], "ended without an answer"),
    ],
)
async def test_a_stream_that_says_nothing_is_a_failed_call(
    session: aiohttp.ClientSession, events: list[bytes], told: str
) -> None:
    with ModelServer(lambda model, prompt: "x").running() as server:
        server.events = lambda model, prompt: events
        with pytest.raises(CallFailed, match=told):
            await opened(session, server.url)


async def test_a_stream_that_breaks_off_says_so(session: aiohttp.ClientSession) -> None:
    with ModelServer(lambda model, prompt: "x").running() as server:
        server.events = lambda model, prompt: [delta(content="half")]
        stream = await opened(session, server.url)
        with pytest.raises(CallFailed, match="broke off"):
            await read(stream)
        await stream.close()


async def test_a_stream_that_is_closed_early_ends_at_the_endpoint_too(session: aiohttp.ClientSession) -> None:
    with ModelServer(lambda model, prompt: "word " * 200).running() as server:
        server.chunk_seconds = 0.02
        stream = await opened(session, server.url)
        await anext(aiter(stream))
        await stream.close()
        for _ in range(200):
            if server.left:
                break
            await asyncio.sleep(0.05)
    assert server.left == 1


async def test_a_page_instead_of_a_stream_is_refused(session: aiohttp.ClientSession) -> None:
    with ModelServer(lambda model, prompt: "x").running() as server:
        server.streams, server.raw = False, lambda model: ("text/html", b"<html>")
        with pytest.raises(CallFailed, match="web page"):
            await opened(session, server.url)


@pytest.mark.parametrize("body", [b": OPENROUTER PROCESSING\n\n", b'{"error": "'])
async def test_an_endpoint_that_only_keeps_the_line_open_is_given_up(
    session: aiohttp.ClientSession, body: bytes
) -> None:
    endless = [body] * 200
    with ModelServer(lambda model, prompt: "x").running() as server:
        server.events, server.chunk_seconds = lambda model, prompt: endless, 0.05
        endpoint = Endpoint("custom", server.url, model="m")
        asked = providers.request_body(endpoint, [{"role": "user", "content": "q"}], {"stream": True})
        with pytest.raises(CallFailed, match="did not answer in time"):
            await providers.open_stream(session, endpoint, {}, asked, 0.3)


async def test_a_stream_by_another_name_without_its_last_blank_line_is_read(session: aiohttp.ClientSession) -> None:
    with ModelServer(lambda model, prompt: "x").running() as server:
        server.streams = False
        whole = b"\xef\xbb\xbf" + delta(content="so far") + END.rstrip()
        server.raw = lambda model: ("text/plain", whole)
        stream = await opened(session, server.url)
        assert len(await read(stream)) == 2
    assert (stream.answer().text, stream.answer().finish_reason) == ("so far", "stop")


async def test_the_last_event_counts_without_its_blank_line(session: aiohttp.ClientSession) -> None:
    with ModelServer(lambda model, prompt: "x").running() as server:
        server.events = lambda model, prompt: [delta(content="all"), END.rstrip()]
        stream = await opened(session, server.url)
        await read(stream)
    assert stream.answer().finish_reason == "stop"


async def test_without_usage_all_that_was_said_is_counted_and_images_not_by_their_length(
    session: aiohttp.ClientSession,
) -> None:
    call = {"id": "c", "function": {"name": "look", "arguments": "x" * 400}}
    with ModelServer(lambda model, prompt: "").running() as server:
        server.events = lambda model, prompt: [delta(reasoning="y" * 400), delta(tool_calls=[call]), END, DONE]
        endpoint = Endpoint("custom", server.url, model="m")
        image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 1_000_000}}
        asked = providers.request_body(endpoint, [{"role": "user", "content": [image]}], {"stream": True})
        stream = await providers.open_stream(session, endpoint, {}, asked, 5)
        await read(stream)
    answer = stream.answer()
    assert answer.usage_estimated
    assert answer.tokens_out >= 200
    assert answer.tokens_in < 1_500
