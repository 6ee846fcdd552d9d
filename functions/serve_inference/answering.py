"""The response: asks whoever serves and sends what comes, whole or as it comes; a client that leaves stops it all."""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from functions.serve_inference import refusals, web
from functions.serve_inference.attempts import first_answer
from functions.serve_inference.completion import completion, last_chunks
from functions.serve_inference.exchange import Exchange
from functions.serve_inference.finding import headers_of
from functions.serve_inference.means import Means
from functions.serve_inference.web import Request, Send
from gero import providers
from gero.kit import GeroError
from gero.providers import Answer, AnswerStream
from gero.providers.chunks import message_of
from gero.providers.target import Target
from gero.traces import Trace

MOST_SECONDS = 110.0
"""That one request may take: a little less than the function may."""
_LEFT = "the client left before the answer was complete"
_encode = msgspec.json.Encoder().encode
_EVENTS = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache", "x-accel-buffering": "no"}


class Answering:
    """Answers one request. GeroError is raised only before anything was asked."""

    def __init__(self, exchange: Exchange, means: Means, *, openai: bool) -> None:
        self._exchange = exchange
        self._means = means
        self._openai = openai
        self._deadline = time.monotonic() + MOST_SECONDS
        self._following: asyncio.Task[None] | None = None

    async def run(self, request: Request, send: Send) -> None:
        """Send the answer; ends early when the client leaves."""
        work = asyncio.ensure_future(self._answer(send))
        leaving = asyncio.ensure_future(request.left())
        try:
            await asyncio.wait({work, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not work.done():
                work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work

    async def _answer(self, send: Send) -> None:
        exchange = self._exchange
        await exchange.reserve()
        try:
            if exchange.asked.stream:
                await self._stream(send)
            else:
                await self._whole(send)
        except GeroError as error:
            self._follow(exchange.trace(None, error=error.message))
            status, body, headers = refusals.failure(error, openai=self._openai)
            await self._send(send, status, web.JSON | exchange.headers(0) | headers, _encode(body))
        except asyncio.CancelledError:
            self._follow(exchange.trace(None, error=_LEFT))
            raise

    async def _whole(self, send: Send) -> None:
        exchange = self._exchange
        outcome = await first_answer(exchange.served.serving, self._asked, _nothing)
        exchange.target, exchange.reason = outcome.target, outcome.reason
        answer, document = outcome.value
        trace = exchange.trace(answer, tool_calls=message_of(document).get("tool_calls") or None)
        self._follow(trace)
        body = completion(exchange, answer, document, openai=self._openai)
        await self._send(send, 200, web.JSON | exchange.headers(answer.cost_nanos), _encode(body))

    async def _asked(self, target: Target) -> tuple[Answer, Any]:
        headers = await headers_of(self._exchange.served.workspace_id, target)
        body = self._exchange.body(target)
        return await providers.ask_whole(self._means.session, target.endpoint, headers, body, self._patience(target))

    async def _stream(self, send: Send) -> None:
        exchange = self._exchange
        outcome = await first_answer(exchange.served.serving, self._opened, AnswerStream.close)
        exchange.target, exchange.reason = outcome.target, outcome.reason
        stream, told = outcome.value, None
        try:
            async with asyncio.timeout(max(0.001, self._deadline - time.monotonic())):
                await web.start(send, 200, _EVENTS | exchange.headers())
                async for events in stream:
                    await web.more(send, b"".join(self._shown(event) for event in events))
        except (GeroError, TimeoutError) as error:
            told = error.message if isinstance(error, GeroError) else "the answer took too long"
        except asyncio.CancelledError:
            told = _LEFT
            raise
        finally:
            answer = stream.answer()
            found = stream.gathered
            self._follow(
                exchange.trace(answer, tool_calls=found.tool_calls, first_byte_ms=round(stream.first_ms, 2), error=told)
            )
            self._means.lingering.do(stream.close())
        await self._end(send, refusals.event(told) if told else last_chunks(exchange, answer, found, self._openai))

    async def _opened(self, target: Target) -> AnswerStream:
        headers = await headers_of(self._exchange.served.workspace_id, target)
        body = self._exchange.body(target)
        return await providers.open_stream(self._means.session, target.endpoint, headers, body, self._patience(target))

    def _shown(self, event: bytes) -> bytes:
        """An event as it is passed on; usage that nobody asked for is left out."""
        if self._exchange.asked.include_usage or b'"usage"' not in event:
            return b"data: " + event + b"\n\n"
        chunk = msgspec.json.decode(event)
        return b"data: " + event + b"\n\n" if chunk.get("choices") else b""

    def _patience(self, target: Target) -> float:
        return max(0.001, min(target.endpoint.timeout_seconds, self._deadline - time.monotonic()))

    def _follow(self, trace: Trace) -> None:
        """Begin what follows the answer, once."""
        if self._following is None:
            self._following = self._means.lingering.do(self._exchange.after(trace, self._means))

    async def _send(self, send: Send, status: int, headers: Mapping[str, str], body: bytes) -> None:
        await web.start(send, status, {**headers, "content-length": str(len(body))})
        await self._end(send, body)

    async def _end(self, send: Send, body: bytes) -> None:
        """Send the last of the body; where the process may freeze at its end, only once all is done."""
        if self._means.lingering.freezes and self._following:
            await web.more(send, body)
            await self._following
            body = b""
        await web.end(send, body)


async def _nothing(answered: object) -> None:
    """An answer that came too late needs no letting go."""
