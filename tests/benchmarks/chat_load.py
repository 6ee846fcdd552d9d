"""Clients that ask a chat endpoint one question after the other: raw sockets, so that little is measured of them."""

import asyncio
import gc
import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

_LAST = b"\r\n0\r\n\r\n"  # of a chunked body; JSON holds no bare line ends
_LEAST = 2
"""Questions of each client, however short the time."""
_STALLED_SECONDS = 20.0


class Place(NamedTuple):
    """Who is asked: an address, the name of the model there, headers."""

    url: str
    model: str
    headers: dict[str, str]


class Load(NamedTuple):
    """What clients saw, in ms: until the first byte of the body and the last, of each question; and questions/s."""

    firsts: list[float]
    lasts: list[float]
    per_second: float


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def load(place: Place, clients: int, seconds: float, *, stream: bool) -> Load:
    """Ask for so long, each client on a connection of its own; the first question of each is not counted.

    `stream`: whether answers come as streams.

    AssertionError when an answer is not whole, or not a 200.
    """
    with _no_collections():
        return asyncio.run(_load(place, clients, seconds, stream))


async def _load(place: Place, clients: int, seconds: float, stream: bool) -> Load:
    loop, parts = asyncio.get_running_loop(), urlsplit(place.url)
    request = _request(place, stream)
    asking = [_Client(request, stream, loop.create_future()) for _ in range(clients)]
    for one in asking:
        await loop.create_connection(partial(_same, one), str(parts.hostname), parts.port or 80)
    until = time.perf_counter() + seconds
    for one in asking:
        one.begin(until)
    await asyncio.wait_for(asyncio.gather(*(one.done for one in asking)), seconds + _STALLED_SECONDS)
    counted = [answer for one in asking for answer in one.answers[1:]]
    begun = min(one.answers[0][2] for one in asking)
    ended = max(one.answers[-1][2] for one in asking)
    return Load([one[0] for one in counted], [one[1] for one in counted], len(counted) / (ended - begun))


def _same(client: "_Client") -> "_Client":
    return client


class _Client(asyncio.Protocol):
    """One client. `answers`: first and last byte in ms, and when the last came."""

    def __init__(self, request: bytes, stream: bool, done: "asyncio.Future[None]") -> None:
        self.answers: list[tuple[float, float, float]] = []
        self.done = done
        self._request = request
        self._stream = stream
        self._until = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(AssertionError(f"the connection was closed: {error}"))

    def begin(self, until: float) -> None:
        """Ask until that moment, by `time.perf_counter()`, and at least `_LEAST` times."""
        self._until = until
        self._ask()

    def _ask(self) -> None:
        assert self._transport
        self._received, self._body_at, self._ends_at, self._first = b"", 0, 0, 0.0
        self._asked = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self._received += data
        if not self._body_at and not self._read_head():
            return
        if not self._first and len(self._received) > self._body_at:
            self._first = now
        whole = len(self._received) >= self._ends_at if self._ends_at else self._received.endswith(_LAST)
        if whole:
            self._answered(now)

    def _read_head(self) -> bool:
        head, ended, _ = self._received.partition(b"\r\n\r\n")
        if ended:
            self._body_at = len(head) + 4
            _, told, rest = head.lower().partition(b"\r\ncontent-length:")
            self._ends_at = self._body_at + int(rest.partition(b"\r\n")[0]) if told else 0
        return bool(ended)

    def _answered(self, now: float) -> None:
        assert self._transport
        mark = b"data: [DONE]" if self._stream else b'"word0 '
        if not self._received.startswith(b"HTTP/1.1 200 ") or mark not in self._received:
            self.done.set_exception(AssertionError(f"not an answer: {self._received[:1000]!r}"))
            return
        self.answers.append((1000 * (self._first - self._asked), 1000 * (now - self._asked), now))
        if now < self._until or len(self.answers) < _LEAST:
            self._ask()
            return
        self.done.set_result(None)
        self._transport.close()


def question(place: Place, **more: Any) -> bytes:
    """The body of the question that is asked, with other parameters."""
    messages = [{"role": "user", "content": f"{'A note of some length. ' * 16}Which team is it for?"}]
    asked = {"model": place.model, "messages": messages, "max_tokens": 64, "temperature": 0.0, **more}
    return json.dumps(asked).encode()


def _request(place: Place, stream: bool) -> bytes:
    parts = urlsplit(place.url)
    body = question(place, stream=True) if stream else question(place)
    headers = {"Host": parts.netloc, "Content-Type": "application/json", "Content-Length": len(body), **place.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {parts.path} HTTP/1.1\r\n{lines}\r\n".encode() + body


@contextmanager
def _no_collections() -> Iterator[None]:
    """What pytest has in memory takes long to look through, which is none of the endpoint's time."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
