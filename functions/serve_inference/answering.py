"""The response: asks whoever serves and sends what comes, whole or as it comes; a client that leaves stops it all."""

import asyncio
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec

from functions.serve_inference import refusals, web
from functions.serve_inference.attempts import Attempts, breakers, circuit
from functions.serve_inference.completion import completion, last_chunks
from functions.serve_inference.exchange import Exchange
from functions.serve_inference.finding import headers_of
from functions.serve_inference.means import Means
from functions.serve_inference.web import Request, Send
from gero import providers
from gero.kit import GeroError
from gero.providers import Answer, AnswerStream, CallFailed
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
        work = asyncio.current_task()
        assert work
        leaving = asyncio.ensure_future(request.left())
        leaving.add_done_callback(stop := partial(_stop, work))
        try:
            await self._answer(send)
        except asyncio.CancelledError:
            if not leaving.done() or leaving.cancelled():
                raise  # the server stops
            work.uncancel()
        finally:
            leaving.remove_done_callback(stop)
            leaving.cancel()

    async def _answer(self, send: Send) -> None:
        exchange = self._exchange
        await exchange.reserve(self._means.lingering)
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
        except Exception:
            self._follow(exchange.trace(None, error="something went wrong on our side"))
            raise

    async def _whole(self, send: Send) -> None:
        exchange = self._exchange
        attempts = Attempts(exchange.served, self._asked, self._late, self._left, ends=True)
        outcome = await attempts.first_answer()
        exchange.target, exchange.reason = outcome.target, outcome.reason
        answer, document = outcome.value
        trace = exchange.trace(answer, tool_calls=message_of(document).get("tool_calls") or None)
        self._follow(trace)
        body = completion(exchange, answer, document, openai=self._openai)
        await self._send(send, 200, web.JSON | exchange.headers(answer.cost_nanos), _encode(body))

    async def _asked(self, target: Target) -> tuple[Answer, Any]:
        headers = await headers_of(self._exchange.served.workspace_id, target)
        body = self._exchange.body(target)
        with self._exchange.asking(target):
            return await providers.ask_whole(
                self._means.session, target.endpoint, headers, body, self._patience(target)
            )

    async def _stream(self, send: Send) -> None:
        exchange = self._exchange
        outcome = await Attempts(
            exchange.served, self._opened, self._late_stream, self._left, ends=False
        ).first_answer()
        exchange.target, exchange.reason = outcome.target, outcome.reason
        stream, told = outcome.value, None
        place = circuit(exchange.served.workspace_id, exchange.target)
        try:
            async with asyncio.timeout(max(0.001, self._left())):
                await web.start(send, 200, _EVENTS | exchange.headers())
                async for events in stream:
                    await web.more(send, b"".join(self._shown(event) for event in events))
            breakers.note(place, None)
        except CallFailed as error:
            told = error.message
            breakers.note(place, error)
        except TimeoutError:
            told = "the answer took too long"
        except asyncio.CancelledError:
            told = _LEFT
            breakers.release(place)
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
        with self._exchange.asking(target):
            return await providers.open_stream(
                self._means.session, target.endpoint, headers, body, self._patience(target)
            )

    def _shown(self, event: bytes) -> bytes:
        """An event as it is passed on, on one line; a chunk of usage only is left out where nobody asked for it, or
        where the last chunk tells it.
        """
        asked = self._exchange.asked.include_usage and self._openai
        if not asked and b'"usage"' in event and not msgspec.json.decode(event).get("choices"):
            return b""
        return b"data: " + event.replace(b"\n", b" ") + b"\n\n"

    def _patience(self, target: Target) -> float:
        return max(0.001, min(target.endpoint.timeout_seconds, self._left()))

    def _left(self) -> float:
        return self._deadline - time.monotonic()

    async def _late(self, answered: tuple[Answer, Any]) -> None:
        self._exchange.lost_nanos += answered[0].cost_nanos

    async def _late_stream(self, stream: AnswerStream) -> None:
        self._exchange.lost_nanos += stream.answer().cost_nanos
        await stream.close()

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


def _stop(work: "asyncio.Task[Any]", leaving: "asyncio.Task[None]") -> None:
    if not leaving.cancelled():
        work.cancel()
