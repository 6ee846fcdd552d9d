"""Calls to challengers and judges, with the workspace's own keys: once each, as production's model is asked."""

import asyncio
import random
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gero import providers
from gero.kit import GeroError
from gero.providers import Answer, CallFailed, Endpoint

if TYPE_CHECKING:
    import aiohttp

_TRIES: Final = 3  # while it takes no more requests; whatever else fails would have failed in production too
_PAUSE_SECONDS, _MAX_PAUSE_SECONDS = 1.0, 5.0
_LEAST_SECONDS: Final = 0.001  # no time left is no time-out to aiohttp


class Calls:
    """Calls for one workspace. Headers are opened once for each endpoint and key."""

    def __init__(self, session: "aiohttp.ClientSession", workspace_id: str) -> None:
        self._session = session
        self._workspace_id = workspace_id
        self._opened: dict[bytes, Mapping[str, str]] = {}
        self._opening = asyncio.Lock()

    async def ask(
        self, endpoint: Endpoint, messages: list[dict[str, Any]], parameters: Mapping[str, Any], until: float
    ) -> Answer:
        """The answer, before `until` of `time.monotonic()`. CallFailed says why there is none; `refused` also when
        the workspace has no key for it any more.
        """
        headers = await self._headers(endpoint)
        body = providers.request_body(endpoint, messages, parameters)
        for tries_left in reversed(range(_TRIES)):
            seconds = max(_LEAST_SECONDS, min(endpoint.timeout_seconds, until - time.monotonic()))
            try:
                return await providers.ask(self._session, endpoint, headers, body, seconds)
            except CallFailed as error:
                pause = min(error.retry_after or _PAUSE_SECONDS, _MAX_PAUSE_SECONDS) * random.uniform(1, 1.5)
                in_time = time.monotonic() + pause < until
                if error.condition != "throttled" or not tries_left or not in_time:
                    raise
            await asyncio.sleep(pause)
        raise AssertionError("the last try returns or raises")

    async def _headers(self, endpoint: Endpoint) -> Mapping[str, str]:
        key = msgspec.json.encode(endpoint)
        async with self._opening:  # the requests of a batch come all at once, and mostly to one endpoint
            if key not in self._opened:
                try:
                    self._opened[key] = await asyncio.to_thread(endpoint.headers, self._workspace_id)
                except GeroError as error:
                    if error.retryable:
                        raise
                    raise CallFailed(error.message, "refused") from error
            return self._opened[key]
