"""Traces to the collectors of their workspaces: at best, after they were stored, and never for long."""

import asyncio
import time
from collections.abc import Mapping, Sequence

import aiohttp

from gero import providers
from gero.kit import GeroError, log
from gero.traces import Trace, otlp

SECONDS = 8.0
"""For all collectors together: they are asked at one time, and their trouble is theirs."""
_KEPT_SECONDS = 60.0
_AGAIN = (429, 502, 503, 504)
_PAUSE_SECONDS = 1.0
_MAX_CONNECTIONS = 16
_SPANS_AT_ONCE = 200

Of = tuple[str, Trace]
"""A trace and its leaderboard's id."""
_collectors: dict[str, tuple[float, otlp.Collector | None]] = {}


def export(found: Mapping[str, Sequence[Of]]) -> None:
    """Send traces, by workspace, to the collectors of those that have one."""
    wanted = {workspace_id: some for workspace_id, some in found.items() if _collector(workspace_id)}
    if wanted:
        asyncio.run(_export(wanted))


def forget() -> None:
    """Know no collector, as a new process does."""
    _collectors.clear()


def _collector(workspace_id: str) -> otlp.Collector | None:
    read_at, known = _collectors.get(workspace_id, (-_KEPT_SECONDS, None))
    if time.monotonic() - read_at >= _KEPT_SECONDS:
        known = otlp.get(workspace_id)
        _collectors[workspace_id] = time.monotonic(), known
    return known


async def _export(wanted: Mapping[str, Sequence[Of]]) -> None:
    async with providers.new_session(_MAX_CONNECTIONS) as session:
        sending = [_send_to(session, workspace_id, some) for workspace_id, some in wanted.items()]
        await asyncio.gather(*sending)


async def _send_to(session: aiohttp.ClientSession, workspace_id: str, found: Sequence[Of]) -> None:
    collector = _collector(workspace_id)
    assert collector is not None
    try:
        async with asyncio.timeout(SECONDS):
            headers = await asyncio.to_thread(collector.headers, workspace_id)
            for start in range(0, len(found), _SPANS_AT_ONCE):
                body = await asyncio.to_thread(otlp.request, workspace_id, found[start : start + _SPANS_AT_ONCE])
                await _post(session, collector.endpoint, headers, body)
    except (GeroError, aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        why = error.message if isinstance(error, GeroError) else type(error).__name__
        log.warning("traces.not_exported", workspace_id=workspace_id, count=len(found), why=why)


async def _post(session: aiohttp.ClientSession, url: str, headers: Mapping[str, str], body: bytes) -> None:
    """Post once, and once more where that may help. ClientResponseError when the collector does not take it."""
    for last in (False, True):
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            if answer.status < 300:
                return
            if last or answer.status not in _AGAIN:
                raise GeroError(f"the collector answered {answer.status}")
            told = answer.headers.get("Retry-After", "")
        await asyncio.sleep(min(SECONDS, float(told)) if told.isdecimal() else _PAUSE_SECONDS)
