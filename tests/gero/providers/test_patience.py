import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import aiohttp
import pytest

from gero import providers
from gero.kit import UpstreamFailed, address
from gero.providers import Answer, CallFailed, Endpoint, NotNow, Pace
from gero.providers.call import TRIES
from tests.gero.providers.scripted_server import Scripted, reply, scripted

GOOD = reply(200, b'{"output": "yes"}')
UNAUTHORIZED = reply(401, b'{"error": "no"}')


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GERO_PRIVATE_NETWORKS", address.LOOPBACK)
    monkeypatch.setattr("gero.providers.call._BACKOFF_SECONDS", 0.0001)
    monkeypatch.setattr("gero.providers.pace._PAUSE_SECONDS", 0.0001)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with providers.new_session(4) as opened:
        yield opened


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    return lambda seconds: monkeypatch.setattr("gero.providers.call.PATIENCE_SECONDS", seconds)


async def patiently(session: aiohttp.ClientSession, server: Scripted, timeout: float = 60) -> tuple[Answer, int]:
    endpoint = Endpoint(platform="custom", url=server.url, timeout_seconds=timeout)  # type: ignore[arg-type]
    return await providers.ask_patiently(session, endpoint, {}, b"{}", Pace(4), time.monotonic() + 1000)


@pytest.mark.parametrize(
    "fault",
    [reply(429), reply(500), Scripted.RESET, reply(200, b'{"outp'), reply(200, b"{}"), b""],
    ids=["429", "500", "reset", "truncated JSON", "no text", "closed"],
)
async def test_a_passing_fault_is_overcome_and_the_tries_are_counted(
    session: aiohttp.ClientSession, fault: bytes
) -> None:
    async with scripted(fault, fault, GOOD) as server:
        answer, attempts = await patiently(session, server)
    assert (answer.text, attempts, len(server.requests)) == ("yes", 3, 3)


async def test_a_timeout_is_overcome(session: aiohttp.ClientSession) -> None:
    async with scripted(Scripted.HANG, GOOD) as server:
        assert (await patiently(session, server, timeout=0.05))[1] == 2


async def test_a_wrong_key_is_asked_once(session: aiohttp.ClientSession) -> None:
    async with scripted(UNAUTHORIZED, GOOD) as server:
        with pytest.raises(CallFailed, match="401") as failed:
            await patiently(session, server)
    assert len(server.requests) == failed.value.details["attempts"] == 1


async def test_patience_ends_after_the_last_try_with_the_last_failure(session: aiohttp.ClientSession) -> None:
    async with scripted(reply(500), reply(502), reply(503)) as server:
        with pytest.raises(UpstreamFailed, match="503") as failed:
            await patiently(session, server)
    assert len(server.requests) == failed.value.details["attempts"] == TRIES


async def test_a_call_too_many_is_no_try(session: aiohttp.ClientSession) -> None:
    throttled = [reply(429), reply(429), reply(500)] * (TRIES - 1)
    async with scripted(*throttled, GOOD) as server:
        assert (await patiently(session, server))[1] == len(throttled) + 1


async def test_the_server_says_how_long_to_wait(session: aiohttp.ClientSession) -> None:
    async with scripted(reply(429, Retry_After="0.2"), GOOD) as server:
        started = time.monotonic()
        await patiently(session, server)
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_wait_beyond_all_patience_is_not_begun(
    session: aiohttp.ClientSession, form: str, patience: Any
) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    patience(20)
    async with scripted(reply(429, Retry_After="30" if form == "seconds" else date), GOOD) as server:
        started = time.monotonic()
        with pytest.raises(NotNow, match="429"):
            await patiently(session, server)
    assert time.monotonic() - started < 5
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "told", ["Wed, 01 Jan 2020 00:00:00 GMT", "-5", "0", "soon", "nan", "", "Wed, 01 Jan 2020 00:00:00 -0000"]
)
async def test_a_wait_that_is_over_or_senseless_does_not_delay(session: aiohttp.ClientSession, told: str) -> None:
    async with scripted(reply(503, Retry_After=told), GOOD) as server:
        assert (await patiently(session, server))[1] == 2


async def test_patience_with_a_silent_server_ends(session: aiohttp.ClientSession, patience: Any) -> None:
    patience(0.1)
    async with scripted(Scripted.HANG) as server:
        started = time.monotonic()
        with pytest.raises(CallFailed, match="in time"):
            await patiently(session, server)
    assert time.monotonic() - started < 5


async def test_waiting_for_a_turn_takes_nothing_from_a_rows_time(session: aiohttp.ClientSession, patience: Any) -> None:
    """Many rows, one call at a time, each slow beside all patience: none of them is cut short."""
    patience(0.5)
    pace = Pace(8)
    pace.ceiling = 1
    async with scripted(GOOD) as server:
        server.delay_seconds = 0.12
        endpoint = Endpoint(platform="custom", url=server.url)
        asked = (providers.ask_patiently(session, endpoint, {}, b"{}", pace, time.monotonic() + 60) for _ in range(8))
        answers = await asyncio.gather(*asked)
    assert [attempts for _, attempts in answers] == [1] * 8


async def test_a_row_whose_turn_does_not_come_is_put_back_before_it_is_asked(
    session: aiohttp.ClientSession, patience: Any
) -> None:
    patience(0.5)
    pace = Pace(1)
    await pace.turn(time.monotonic() + 1)
    async with scripted(GOOD) as server:
        endpoint = Endpoint(platform="custom", url=server.url)
        with pytest.raises(NotNow):
            await providers.ask_patiently(session, endpoint, {}, b"{}", pace, time.monotonic() + 0.6)
    assert server.requests == []
