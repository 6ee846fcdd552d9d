"""Servers that want our memory, our time, our keys, or to send us somewhere else."""

import asyncio
import gzip
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache

import aiohttp
import pytest

from gero import providers
from gero.kit import Invalid, address
from gero.providers import Answer, CallFailed, Endpoint, check_auth
from gero.providers.endpoint import AUTH_METHODS
from tests.gero.providers.hostile import watched
from tests.gero.providers.scripted_server import reply, scripted

MAX_MEMORY = 64_000_000
TIMEOUT = 0.6
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
HEADERS, SECRET = {"Authorization": "Bearer s3cret-0123456789"}, "s3cret"

# What it does -> the beginning of its response, what follows again and again, the pause in between, and how it ends.
ENDLESS = {
    "a body that trickles": (HEAD + b"Content-Length: 9999\r\n\r\n", b" ", 0.01, "in time"),
    "chunks that trickle": (CHUNKED, b"1\r\n \r\n", 0.01, "in time"),
    "tiny chunks": (CHUNKED, b"1\r\nx\r\n" * 5000, 0, "in time"),
    "a chunk's extension without end": (CHUNKED + b"1;", b"x" * 65536, 0, "in time|no answer"),
    "headers that trickle": (HEAD, b"X-A: a\r\n", 0.05, "in time"),
    "a header that trickles": (HEAD + b"X-A: ", b"a", 0.01, "in time"),
    "headers without end": (HEAD, b"X-A: " + b"a" * 100 + b"\r\n", 0, "no answer"),
    "a header without end": (HEAD + b"X-A: ", b"a" * 10_000, 0, "no answer"),
    "a status without end": (b"HTTP/1.1 200 ", b"a" * 10_000, 0, "no answer"),
    "trailers without end": (CHUNKED + b"0\r\n", b"X-A: aaaaaaaaaa\r\n" * 100, 0, "no answer"),
    "patience asked without end": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 0, "in time"),
    "hints without end": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" * 100, 0, "in time"),
    "a body without end": (HEAD + b"\r\n", b"x" * 65536, 0, "larger than 8 MB"),
    "chunks without end": (CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n", 0, "larger than 8 MB"),
    "one huge chunk": (CHUNKED + b"7fffffffffff\r\n", b"x" * 65536, 0, "larger than 8 MB"),
    "an error without end": (b"HTTP/1.1 500 X\r\n\r\n", b"x" * 65536, 0, "larger than 8 MB"),
    "a length beyond all numbers": (HEAD + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n", b"x", 0, "in time|no answer"),
    "another protocol": (b"HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", b"x" * 65536, 0, "101"),
}


@pytest.fixture(autouse=True)
def _local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GERO_PRIVATE_NETWORKS", address.LOOPBACK)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with providers.new_session(4) as opened:
        yield opened


async def ask(session: aiohttp.ClientSession, url: str, timeout: float = 5) -> Answer:
    return await providers.ask(session, Endpoint(platform="custom", url=url), HEADERS, b"{}", timeout)


@asynccontextmanager
async def answering(answer: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[str]:
    """A server that answers each connection's first request so; gives its URL."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        try:
            await answer(writer)
        except ConnectionError:  # the client has had enough
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()


@pytest.mark.parametrize(("begin", "again", "pause", "told"), ENDLESS.values(), ids=ENDLESS)
async def test_what_has_no_end_ends_in_time_and_in_little_memory(
    session: aiohttp.ClientSession, begin: bytes, again: bytes, pause: float, told: str
) -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(begin)
        while True:
            writer.write(again)
            await writer.drain()
            await asyncio.sleep(pause)

    async with answering(answer) as url:
        started = time.monotonic()
        with measured(), pytest.raises(CallFailed, match=told):
            await ask(session, url, TIMEOUT)
    assert time.monotonic() - started < TIMEOUT + 3


@cache
def bomb(form: str) -> bytes:
    """400 MB in 400 KB, or in 2 KB when they are packed twice (which nobody asked for, so it is not unpacked)."""
    packed = zlib.compress(bytes(400 << 20), 9) if form == "deflate" else gzip.compress(bytes(400 << 20), 9)
    return gzip.compress(packed, 9) if form == "gzip, gzip" else packed


@pytest.mark.parametrize("form", ["gzip", "deflate", "gzip, gzip"])
@pytest.mark.parametrize("status", [b"200 OK", b"429 X"])
async def test_what_grows_when_it_is_unpacked_stops_at_the_limit(
    session: aiohttp.ClientSession, form: str, status: bytes
) -> None:
    body = bomb(form)

    async def answer(writer: asyncio.StreamWriter) -> None:
        head = f"Content-Type: text/json\r\nContent-Encoding: {form}\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(b"HTTP/1.1 " + status + b"\r\n" + head.encode() + body)
        await writer.drain()

    async with answering(answer) as url:
        with measured(), pytest.raises(CallFailed):
            await ask(session, url)


class measured:  # noqa: N801 - reads as a phrase
    """Checks that the block takes little memory."""

    def __enter__(self) -> None:
        tracemalloc.start()

    def __exit__(self, *_: object) -> None:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < MAX_MEMORY, f"{peak:,} bytes"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "place",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://[fd00:ec2::254]/",
        "//169.254.169.254/",
        "http://models.example.com/v1",  # from https to http
        "https://models.example.com/v1",
        "/elsewhere",
        "file:///etc/passwd",
    ],
)
async def test_nobody_sends_us_elsewhere(
    session: aiohttp.ClientSession, status: int, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scripted(reply(status, b"", Location=place), reply(200, b'{"output": "stolen"}')) as server:
        network = watched(monkeypatch)
        network.reachable = "127.0.0.1"
        with pytest.raises(CallFailed, match=f"answered {status}") as failed:
            await ask(session, server.url)
        assert len(server.requests) == 1
        assert (network.connected, network.asked) == (["127.0.0.1"], [])
    assert not failed.value.retryable


async def test_an_answer_that_nobody_asked_for_is_not_the_next_ones(session: aiohttp.ClientSession) -> None:
    first, second, third = (reply(200, f'{{"output": "{n}"}}'.encode()) for n in ("first", "planted", "third"))
    keep = first.replace(b"Connection: close", b"Connection: keep-alive")
    async with scripted(keep + second, third) as server:
        assert (await ask(session, server.url)).text == "first"
        assert (await ask(session, server.url)).text == "third"


async def test_no_cookie_is_kept_and_no_password_asked_for_is_given(session: aiohttp.ClientSession) -> None:
    challenge = reply(401, b"{}", WWW_Authenticate='Basic realm="x"', Set_Cookie="a=b; Path=/")
    async with scripted(challenge, reply(200, b'{"output": "yes"}')) as server:
        with pytest.raises(CallFailed, match="401"):
            await ask(session, server.url)
        await ask(session, server.url)
        assert len(server.requests) == 2
    assert not any(b"cookie" in head.lower() for head in server.requests)


INJECTIONS = ["a\r\nX-Injected: 1", "a\nX-Injected: 1", "a\r\n\r\nGET /x HTTP/1.1", "a\x00b", "a\x0bb", "a\u2028b"]


@pytest.mark.parametrize("text", [*INJECTIONS, "a\u560d\u560aX-Injected: 1"])
async def test_a_model_and_a_parameter_are_json_and_nothing_else(session: aiohttp.ClientSession, text: str) -> None:
    async with scripted(reply(200, b'{"output": "yes"}')) as server:
        endpoint = Endpoint(platform="custom", url=server.url, model=text, parameters={text: text})
        body = providers.request_body(endpoint, providers.prompt.messages("{input}", text))
        await providers.ask(session, endpoint, {}, body, 5)
        (head,) = server.requests
    assert b"injected" not in head.lower()
    assert not any(byte < 32 for byte in body), "control characters are escaped"
    assert f"content-length: {len(body)}".encode() in head.lower()


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("method", [method for method in AUTH_METHODS if method != "none"])
async def test_what_would_break_a_header_is_refused_when_given_and_once_more_when_sent(
    session: aiohttp.ClientSession, method: str, text: str
) -> None:
    with pytest.raises(Invalid, match="auth_token"):
        check_auth(method, "X-Key" if method == "custom_header" else None, text)
    with pytest.raises(Invalid, match="auth_header_name"):
        check_auth("custom_header", text, "secret")
    async with scripted(reply(200, b'{"output": "yes"}')) as server:
        endpoint = Endpoint(platform="custom", url=server.url)
        for headers in ({"X-Key": text}, {text: "value"}):
            if text.isascii():
                with pytest.raises((ValueError, CallFailed)):
                    await providers.ask(session, endpoint, headers, b"{}", 5)
    assert not any(b"X-Injected: 1" in head for head in server.requests)


@pytest.mark.parametrize("path", ["/v1?a=b&c=d%0d%0aX-Injected:%201", "/v1/ü", "/v1/%00", "/../../x", "/v1\\x"])
async def test_a_url_becomes_one_request_line(session: aiohttp.ClientSession, path: str) -> None:
    async with scripted(reply(200, b'{"output": "yes"}')) as server:
        url = server.url.removesuffix("/v1") + path
        address.check_url(url, "endpoint_url")
        await ask(session, url)
        (head,) = server.requests
    line, *headers = head.decode("ascii").split("\r\n")
    assert line.startswith("POST /")
    assert line.endswith(" HTTP/1.1")
    assert line.count(" ") == 2
    assert not any(header.startswith("X-Injected") for header in headers)
