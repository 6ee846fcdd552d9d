"""An answer that comes piece by piece: server-sent events of OpenAI's chunks, passed on as they come, read on the way.

An endpoint that does not stream answers whole; that is told as one chunk.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping

import aiohttp

from gero.providers import answer as answers
from gero.providers.answer import Answer, characters_of
from gero.providers.call import MAX_RESPONSE_BYTES, bounded, failures
from gero.providers.chunks import Gathered, chunks_of
from gero.providers.endpoint import Endpoint
from gero.providers.events import EventReader
from gero.providers.refusal import CallFailed, refusal

_CONNECT_SECONDS, _END_SECONDS = 10.0, 1.0
_END = b"\n\n"  # of the last event, which may come without
_BLANK = b"\xef\xbb\xbf \t\r\n"


class AnswerStream:
    """A stream that has begun: iterate over it for lists of events, each the JSON text of a chunk. `close` it."""

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        endpoint: Endpoint,
        sent: Mapping[str, str],
        prompt_characters: int,
        started: float,
    ) -> None:
        """`sent`: the request's headers, never quoted; `started`: by `time.perf_counter()`."""
        self.gathered = Gathered()
        self.first_ms = 0.0
        """When the first event with something in it came, since the request was sent."""
        self._response = response
        self._endpoint = endpoint
        self._sent = sent
        self._prompt_characters = prompt_characters
        self._started = started
        self._reader = EventReader(MAX_RESPONSE_BYTES)
        self._begun: list[bytes] = []
        self._ended = False
        self._failure: CallFailed | None = None

    async def __aiter__(self) -> AsyncIterator[list[bytes]]:
        """The events, as many at a time as came together. CallFailed when the stream breaks, or tells of an error."""
        if self._begun:
            yield self._begun
        while not self._ended:
            events = await self._next()
            if events:
                yield events

    def answer(self) -> Answer:
        """What came until now, as one answer; without usage it is estimated."""
        found = self.gathered
        latency_ms = (time.perf_counter() - self._started) * 1000
        return answers.counted(
            found.text,
            found.finish_reason,
            found.document,
            self._endpoint,
            self._prompt_characters,
            latency_ms,
            said_characters=found.characters,
        )

    async def close(self) -> None:
        """Let go of the connection: kept for others after the end, closed before it, so that the endpoint stops."""
        if self._ended:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with asyncio.timeout(_END_SECONDS):
                    await self._response.read()
        self._response.close()

    async def begin(self) -> None:
        """Wait for the first event with something in it. CallFailed when there is none."""
        if not 200 <= self._response.status < 300:
            raise self._refusal(self._response.status, await bounded(self._response))
        kind = self._response.headers.get("Content-Type", "").lower()
        if "text/event-stream" not in kind:
            await self._whole(kind)
        while not self._ended and not self.gathered.begun:
            self._begun += await self._next()
        if not self.gathered.begun and not self.gathered.finish_reason:
            raise answers.unusable("its stream ended without an answer")
        self.first_ms = (time.perf_counter() - self._started) * 1000

    async def _whole(self, kind: str) -> None:
        content = await bounded(self._response)
        status = answers.status_of_error(content)
        if status:
            raise self._refusal(status, content)
        if content.lstrip(_BLANK).startswith((b"data:", b":")):  # a stream, whatever its server calls it
            self._begun = [self._passed(event) for event in self._reader.feed(content + _END)]
            self._ended = True
            return
        document = answers.read(content, kind)
        answer = answers.of_document(document, self._endpoint, self._prompt_characters, 0.0)
        self._begun = [self._passed(event) for event in chunks_of(answer, document)]
        self._ended = True

    async def _next(self) -> list[bytes]:
        """The events of the next read."""
        if self._failure:
            raise self._failure
        with failures():
            piece = await self._response.content.readany()
        if not piece:
            self._ended = True
        events = []
        for event in self._reader.feed(piece or _END):
            try:
                events.append(self._passed(event))
            except CallFailed as error:
                if not events:
                    raise
                self._failure = error  # what came before it is passed on first
                return events
        if self._ended and self.gathered.finish_reason is None and not self._reader.done:
            raise answers.unusable("its stream broke off")
        self._ended = self._ended or self._reader.done
        return events

    def _passed(self, event: bytes) -> bytes:
        status, told = self.gathered.add(event)
        if status:
            raise self._refusal(status, told)
        return event

    def _refusal(self, status: int, content: bytes) -> CallFailed:
        return refusal(status, self._response.headers, content, self._sent, sleeps=self._endpoint.sleeps)


async def open_stream(
    session: aiohttp.ClientSession,
    endpoint: Endpoint,
    headers: Mapping[str, str],
    body: bytes,
    timeout_seconds: float | None = None,
) -> AnswerStream:
    """Ask once and wait until the answer begins. CallFailed as of `ask`.

    `timeout_seconds` bounds the wait for its first word, and then for each next piece.
    """
    silence = timeout_seconds or endpoint.timeout_seconds
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=min(silence, _CONNECT_SECONDS), sock_read=silence)
    started = time.perf_counter()
    wanted = {**headers, "Accept": "text/event-stream, application/json"}
    with failures():
        async with asyncio.timeout(silence):  # comments may keep a stream alive that says nothing
            response = await session.post(
                endpoint.url, data=body, headers=wanted, timeout=timeout, allow_redirects=False
            )
            stream = AnswerStream(response, endpoint, headers, characters_of(body), started)
            try:
                await stream.begin()
            except BaseException:
                response.close()
                raise
        return stream
