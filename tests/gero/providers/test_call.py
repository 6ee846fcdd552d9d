import gzip
from collections.abc import AsyncIterator

import aiohttp
import pytest

from gero import providers
from gero.kit import UpstreamFailed, address
from gero.providers import Answer, CallFailed, Endpoint
from gero.providers.call import MAX_RESPONSE_BYTES
from tests.gero.providers.scripted_server import Scripted, reply, scripted

GOOD = reply(200, b'{"output": "yes"}')


@pytest.fixture(autouse=True)
def _local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GERO_PRIVATE_NETWORKS", address.LOOPBACK)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with providers.new_session(4) as opened:
        yield opened


async def ask(
    session: aiohttp.ClientSession, server: Scripted, headers: dict[str, str] | None = None, timeout: float = 5
) -> Answer:
    endpoint = Endpoint(platform="custom", url=server.url)
    return await providers.ask(session, endpoint, headers or {}, b"{}", timeout)


async def test_an_answer_has_its_text_and_the_time_it_took(session: aiohttp.ClientSession) -> None:
    async with scripted(GOOD) as server:
        answer = await ask(session, server)
    assert answer.text == "yes"
    assert 0 < answer.latency_ms < 5000


async def test_a_compressed_answer_is_read(session: aiohttp.ClientSession) -> None:
    async with scripted(reply(200, gzip.compress(b'{"output": "yes"}'), Content_Encoding="gzip")) as server:
        assert (await ask(session, server)).text == "yes"


@pytest.mark.parametrize(
    ("status", "retryable"),
    [(400, False), (401, False), (403, False), (404, False), (422, False), (501, False)]
    + [(status, True) for status in (408, 409, 425, 429, 500, 502, 503, 504, 529)],
)
async def test_a_status_says_whether_another_try_may_help(
    session: aiohttp.ClientSession, status: int, retryable: bool
) -> None:
    async with scripted(reply(status, b'{"error": {"message": "no such model"}}')) as server:
        with pytest.raises(CallFailed, match=f"answered {status}: no such model") as failed:
            await ask(session, server)
    assert failed.value.retryable is retryable
    assert failed.value.details == {"provider_status": status}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"error": "why"}', ": why"),
        (b'{"message": "why"}', ": why"),
        (b'{"error": {"code": 5}}', ""),
        (b"<html>", ""),
        (b"", ""),
        (b"[" * 100_000, ""),
        (b'{"error": "' + b"x" * 1000 + b'"}', ": " + "x" * 200),
    ],
    ids=range(7),
)
async def test_a_refusal_is_told_in_the_providers_words_when_there_are_any(
    session: aiohttp.ClientSession, body: bytes, told: str
) -> None:
    async with scripted(reply(400, body)) as server:
        with pytest.raises(CallFailed) as failed:
            await ask(session, server)
    assert failed.value.message == f"the endpoint answered 400{told}"


@pytest.mark.parametrize("form", ["{}", "Bearer {}", "Basic {}"])
@pytest.mark.parametrize("padding", [0, 190])
async def test_a_provider_that_quotes_the_secret_does_not_bring_it_into_the_message(
    session: aiohttp.ClientSession, form: str, padding: int
) -> None:
    secret = "sk-0123456789abcdef"
    body = f'{{"error": {{"message": "{"." * padding}{secret} is wrong"}}}}'.encode()
    async with scripted(reply(401, body)) as server:
        with pytest.raises(CallFailed) as failed:
            await ask(session, server, {"Authorization": form.format(secret)})
    assert "sk-0" not in str(failed.value)
    assert secret not in repr(failed.value.body())


async def test_a_redirect_is_not_followed(session: aiohttp.ClientSession) -> None:
    async with scripted(GOOD) as other, scripted(reply(302, b"", Location="PLACE")) as server:
        server._replies = (server._replies[0].replace(b"PLACE", other.url.encode()),)
        with pytest.raises(CallFailed, match="answered 302") as failed:
            await ask(session, server, {"Authorization": "Bearer s3cret"})
        assert other.requests == []
    assert not failed.value.retryable


async def test_a_response_is_read_to_its_limit_and_not_beyond(session: aiohttp.ClientSession) -> None:
    frame = b'{"output": ""}'
    fits = b'{"output": "' + b"x" * (MAX_RESPONSE_BYTES - len(frame)) + b'"}'
    async with scripted(reply(200, fits), reply(200, fits + b" ")) as server:
        assert len((await ask(session, server)).text) == MAX_RESPONSE_BYTES - len(frame)
        with pytest.raises(CallFailed, match="larger than 8 MB") as failed:
            await ask(session, server)
    assert not failed.value.retryable


async def test_a_compressed_bomb_stops_at_the_same_limit(session: aiohttp.ClientSession) -> None:
    bomb = gzip.compress(b"x" * (4 * MAX_RESPONSE_BYTES))
    async with scripted(reply(200, bomb, Content_Encoding="gzip")) as server:
        with pytest.raises(CallFailed, match="larger than 8 MB"):
            await ask(session, server)


@pytest.mark.parametrize(
    "wire",
    [
        Scripted.RESET,
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nContent-Type: application/json\r\n\r\n{",
        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"output"',
        b"no http at all\r\n\r\n",
        b"",
    ],
    ids=["reset", "short body", "truncated JSON", "no HTTP", "closed"],
)
async def test_a_broken_response_is_worth_another_try(session: aiohttp.ClientSession, wire: bytes) -> None:
    async with scripted(wire) as server:
        with pytest.raises(UpstreamFailed) as failed:
            await ask(session, server)
    assert failed.value.retryable


async def test_silence_ends_at_the_timeout(session: aiohttp.ClientSession) -> None:
    async with scripted(Scripted.HANG) as server:
        with pytest.raises(CallFailed, match="did not answer in time") as failed:
            await ask(session, server, timeout=0.1)
    assert failed.value.retryable


async def test_a_port_where_nobody_listens_is_worth_another_try(session: aiohttp.ClientSession) -> None:
    async with scripted(GOOD) as server:
        pass
    with pytest.raises(CallFailed, match="no answer from the endpoint"):
        await ask(session, server)


async def test_a_name_that_resolves_to_this_machine_is_not_called_by_a_deployment(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GERO_PRIVATE_NETWORKS")
    async with scripted(GOOD) as server:
        server.url = server.url.replace("127.0.0.1", "localhost")
        with pytest.raises(CallFailed, match="localhost leads to a private address"):
            await ask(session, server)
        assert server.requests == []
