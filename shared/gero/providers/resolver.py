"""Name resolution that cannot be turned against us."""

import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from gero.kit import address, settings


class PublicResolver(AbstractResolver):
    """Resolves at connect time and refuses private addresses, so that a public name cannot be rebound to one."""

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The public addresses of `host`; OSError when there are none."""
        found = await self._resolver.resolve(host, port, family)
        if settings.private_endpoints_allowed():
            return found
        public = [one for one in found if address.is_public(one["host"])]
        if not public:
            raise OSError(f"{host} has no public address")
        return public

    async def close(self) -> None:
        """Nothing is kept open."""
