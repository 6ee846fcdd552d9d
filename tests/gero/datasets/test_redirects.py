"""Where a hub may send us, and what travels there."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from gero.datasets import Download, HubFile
from gero.kit import Invalid, UpstreamFailed, address
from tests.hub_server import answering, reply

FILE = HubFile("a/b", "main", "f.jsonl")


@dataclass
class Redirects:
    """A server that redirects every request for a dataset to `place`, and serves every other one."""

    place: str = ""
    url: str = ""
    tokens: list[str | None] = field(default_factory=list)

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        self.tokens.append(request.headers["Authorization"])
        reply(request, 302 if request.path.startswith("/datasets") else 200, b"{}", Location=self.place)


@contextmanager
def redirecting() -> Iterator[Redirects]:
    found = Redirects()
    with answering(found) as found.url:
        yield found


@pytest.fixture
def redirects(monkeypatch: pytest.MonkeyPatch) -> Iterator[Redirects]:
    monkeypatch.delenv("GERO_PRIVATE_NETWORKS", raising=False)
    with redirecting() as found:
        monkeypatch.setenv("HF_ENDPOINT", found.url)
        yield found


def fetched(token: str | None = None) -> bytes:
    with Download(FILE, token) as download:
        return b"".join(download)


def test_the_token_follows_a_redirect_within_the_hub_and_to_no_other_server(
    redirects: Redirects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GERO_PRIVATE_NETWORKS", address.LOOPBACK)
    redirects.place = "/elsewhere"
    assert fetched("hf_1") == b"{}"
    with redirecting() as other:
        for place in (f"{other.url}/x", f"{other.url.replace('127.0.0.1', 'localhost')}/x"):
            redirects.place = place
            assert fetched("hf_1") == b"{}"
        assert other.tokens == [None, None]
    assert redirects.tokens == ["Bearer hf_1"] * 4


def test_a_redirect_in_circles_ends(redirects: Redirects, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GERO_PRIVATE_NETWORKS", address.LOOPBACK)
    redirects.place = "/datasets/again"
    with pytest.raises(UpstreamFailed, match="in circles") as refused:
        fetched()
    assert refused.value.code == "redirect_loop"
    assert len(redirects.tokens) == 6


@pytest.mark.parametrize(
    "place", ["https://169.254.169.254/latest", "http://example.com/x", "ftp://example.com/x", "https://["]
)
def test_a_redirect_to_a_private_address_or_without_tls_is_not_followed(redirects: Redirects, place: str) -> None:
    redirects.place = place
    with pytest.raises(Invalid, match="the hub redirects to where Gero does not go") as refused:
        fetched()
    assert refused.value.code == "private_redirect"


def test_a_redirect_to_nowhere_is_a_failure_of_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(lambda request: reply(request, 304)) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub)
        with pytest.raises(UpstreamFailed, match="answered 304"):
            fetched()


def test_a_refusal_by_another_server_says_nothing_of_the_token(
    redirects: Redirects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GERO_PRIVATE_NETWORKS", address.LOOPBACK)
    with answering(lambda request: reply(request, 403)) as other:
        redirects.place = f"{other}/x"
        with pytest.raises(UpstreamFailed) as failed:
            fetched("hf_1")
    assert failed.value.code == "hub_failed"


def test_a_name_that_leads_to_a_private_address_is_not_called(
    redirects: Redirects, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, {"cdn.example.com": ["10.0.0.1", "::1"]})
    redirects.place = "https://cdn.example.com/x"
    with pytest.raises(Invalid) as refused:
        fetched()
    assert refused.value.code == "private_address"


def test_the_address_that_was_checked_is_the_one_that_is_called(
    redirects: Redirects, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolve(monkeypatch, {"cdn.example.com": ["10.0.0.1", "203.0.114.7", "127.0.0.1"]})
    called = []

    def connect(address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        if address[0] != "127.0.0.1":
            called.append(address)
            raise ConnectionRefusedError
        return real(address)

    real = socket.create_connection
    monkeypatch.setattr(socket, "create_connection", connect)
    redirects.place = "https://cdn.example.com/x"
    with pytest.raises(UpstreamFailed) as failed:
        fetched()
    assert failed.value.code == "unreachable"
    assert called == [("203.0.114.7", 443)], "neither the name nor a private address"
    assert asked.count("cdn.example.com") == 1


def resolve(monkeypatch: pytest.MonkeyPatch, names: dict[str, list[str]]) -> list[str]:
    """Make names resolve to addresses; gives the list of names that were asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *arguments: Any, **named: Any) -> Any:
        asked.append(host)
        if host not in names:
            return real(host, port, *arguments, **named)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in names[host]]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked
