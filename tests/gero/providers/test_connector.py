"""Where connections go when a deployment allows private networks: real sockets, names answered as told."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from gero import providers
from gero.kit import address
from gero.providers import Answer, CallFailed, Endpoint
from tests.gero.kit.test_http import certificate_for
from tests.gero.providers.hostile import watched
from tests.gero.providers.scripted_server import Scripted, reply, scripted

GOOD = reply(200, b'{"output": "yes"}')
KEPT = GOOD.replace(b"Connection: close", b"Connection: keep-alive")
NAME = "models.example.com"


@pytest.fixture(autouse=True)
def _local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GERO_PRIVATE_NETWORKS", address.LOOPBACK)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with providers.new_session(4) as opened:
        yield opened


async def ask(session: aiohttp.ClientSession, url: str) -> Answer:
    return await providers.ask(session, Endpoint(platform="custom", url=url), {}, b"{}", 5)


async def test_an_allowed_address_is_called_over_http_by_its_number_and_by_a_name(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scripted(GOOD) as server:
        network = watched(monkeypatch, models_example_com=[["127.0.0.1"]])
        network.reachable = "127.0.0.1"
        assert (await ask(session, server.url)).text == "yes"
        assert (await ask(session, server.url.replace("127.0.0.1", NAME))).text == "yes"


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://169.254.169.254/", "http://[::ffff:a9fe:a9fe]/"])
async def test_a_literal_address_outside_of_them_is_refused_though_no_resolver_is_asked(
    session: aiohttp.ClientSession, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = watched(monkeypatch)
    with pytest.raises(CallFailed, match="leads to a private address"):
        await ask(session, url)
    assert (network.asked, network.connected) == ([], [])


@pytest.mark.parametrize(
    "answers",
    [
        ["10.0.0.1", "127.0.0.1"],
        ["127.0.0.1", "10.0.0.1"],
        ["fd00::1", "127.0.0.1", "::1"],
        ["169.254.169.254", "::1", "127.0.0.1"],
    ],
    ids=" ".join,
)
async def test_the_race_of_addresses_is_run_by_allowed_ones_alone(
    session: aiohttp.ClientSession, answers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scripted(GOOD) as server:
        network = watched(monkeypatch, models_example_com=[answers])
        network.reachable = "127.0.0.1"
        assert (await ask(session, server.url.replace("127.0.0.1", NAME))).text == "yes"
    assert "127.0.0.1" in network.connected
    assert set(network.connected) <= {"127.0.0.1", "::1"}


async def test_a_connection_that_was_kept_goes_where_it_was_checked_whatever_the_name_says_now(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with keeping() as (url, requests):
        network = watched(monkeypatch, models_example_com=[["127.0.0.1"], ["169.254.169.254"]])
        network.reachable = "127.0.0.1"
        for _ in range(3):
            assert (await ask(session, url.replace("127.0.0.1", NAME))).text == "yes"
    assert len(requests) == 3
    assert network.connected == ["127.0.0.1"], "one connection for all"


async def test_without_tls_nothing_is_sent_to_a_public_address(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address, "is_public", lambda place: place == "127.0.0.1")  # this machine plays the internet
    monkeypatch.setenv("GERO_PRIVATE_NETWORKS", "10.0.0.0/8")
    async with scripted(GOOD) as server:
        network = watched(monkeypatch, models_example_com=[["127.0.0.1"]])
        network.reachable = "127.0.0.1"
        for url in (server.url, server.url.replace("127.0.0.1", NAME)):
            with pytest.raises(CallFailed, match="use https") as failed:
                await ask(session, url)
            assert not failed.value.retryable
        await asyncio.sleep(0.05)
        assert server.requests == []


class TestTls:
    """A certificate is checked against the name that was asked for."""

    @pytest.fixture
    async def server(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scripted]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate_for(NAME, tmp_path))
        found = Scripted((GOOD,))
        listening = await asyncio.start_server(found.answer, "127.0.0.1", 0, ssl=context)
        found.url = f"https://{NAME}:{listening.sockets[0].getsockname()[1]}/v1"
        network = watched(monkeypatch, models_example_com=[["127.0.0.1"]], other_example_com=[["127.0.0.1"]])
        network.reachable = "127.0.0.1"
        yield found
        listening.close()

    @pytest.mark.parametrize("name", [NAME, "other.example.com"])
    async def test_one_that_nobody_trusts_gets_no_request(
        self, session: aiohttp.ClientSession, server: Scripted, name: str
    ) -> None:
        with pytest.raises(CallFailed, match=r"no answer from the endpoint \(ClientConnectorCertificateError\)"):
            await ask(session, server.url.replace(NAME, name))
        assert server.requests == []


@asynccontextmanager
async def keeping() -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that answers all requests of a connection, and what it was asked."""
    requests: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            await reader.readexactly(2)
            requests.append(head)
            writer.write(KEPT)

    async def until_it_ends(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(until_it_ends, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", requests
    finally:
        server.close()
