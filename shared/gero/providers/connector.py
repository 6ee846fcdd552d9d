"""Connections to models that cannot be turned against us: what counts is the address that is connected to."""

import socket
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from gero.kit import address
from gero.providers.refusal import CallFailed


class GuardedConnector(aiohttp.TCPConnector):
    """Keeps connections alive, and makes none to an address that this deployment may not call.

    A name's addresses are filtered when it is resolved, so that a public one is used when there is one. aiohttp asks no
    resolver for literal addresses and remembers what it was told: each socket is checked once more.
    """

    def __init__(self, max_in_flight: int) -> None:
        """`max_in_flight`: connections at one time."""
        super().__init__(
            limit=max_in_flight,
            resolver=_Resolver(),
            socket_factory=_socket,
            ttl_dns_cache=60,
            keepalive_timeout=30,
        )

    async def connect(self, req: aiohttp.ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout) -> Any:
        """A connection for the request. CallFailed (refused) when it leads where Gero does not go."""
        try:
            connection = await super().connect(req, traces, timeout)
        except aiohttp.ClientConnectorError as error:
            if not isinstance(error.os_error, _NotAllowed):
                raise
            told = f"the endpoint's host {req.url.host} leads to a private address, which Gero does not call"
            raise CallFailed(told, "refused") from error
        if not req.is_ssl() and not _is_inside(connection.transport):
            connection.close()
            raise CallFailed(
                "the endpoint is called over http, but it is not in an allowed network; use https", "refused"
            )
        return connection


class _NotAllowed(OSError):
    """aiohttp lets only an OSError through all its ways to connect."""

    def __init__(self) -> None:
        super().__init__("a private address")


class _Resolver(AbstractResolver):
    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        allowed = [one for one in found if address.may_be_called(one["host"])]
        if not allowed:
            raise _NotAllowed
        return allowed

    async def close(self) -> None:
        """Nothing is kept open."""


def _socket(place: tuple[int, int, int, str, tuple[Any, ...]]) -> socket.socket:
    family, kind, protocol, _, where = place
    if not address.may_be_called(where[0]):
        raise _NotAllowed
    return socket.socket(family, kind, protocol)


def _is_inside(transport: Any) -> bool:
    peer = transport.get_extra_info("peername") if transport else None
    return peer is None or address.is_allowed_private(peer[0])  # None: closed meanwhile, nothing can be sent
