"""Traces to the collectors of their workspaces: at best, after they were stored, and never for long."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import aiohttp

from gero import providers
from gero.kit import GeroError, log
from gero.traces import Trace, otlp

SECONDS = 8.0
"""For all collectors together: they are asked at one time, and their trouble is theirs."""
_KEPT_SECONDS = 60.0
_AGAIN = (429, 502, 503, 504)
_PAUSE_SECONDS = 1.0
_SPANS_AT_ONCE = 200
_MAX_ANSWER = 1 << 16  # bytes

Of = tuple[str, Trace]
"""A trace and its leaderboard's id."""
_collectors: dict[str, tuple[float, otlp.Collector | None]] = {}


class _Job(NamedTuple):
    workspace_id: str
    collector: otlp.Collector
    found: Sequence[Of]


def export(found: Mapping[str, Sequence[Of]]) -> None:
    """Send traces, by workspace, to the collectors of those that have one. What fails is logged, by workspace."""
    known = ((workspace_id, _collector(workspace_id), some) for workspace_id, some in found.items())
    wanted = [_Job(workspace_id, collector, some) for workspace_id, collector, some in known if collector]
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


async def _export(wanted: Sequence[_Job]) -> None:
    # A connection for each, so that none waits for one which a dead collector holds.
    async with providers.new_session(len(wanted)) as session:
        outcomes = await asyncio.gather(*(_send_to(session, one) for one in wanted), return_exceptions=True)
    for one, outcome in zip(wanted, outcomes, strict=True):
        if isinstance(outcome, BaseException):  # such as a key that KMS does not open: one workspace's, not the others'
            log.failure("traces.not_exported", outcome, workspace_id=one.workspace_id, count=len(one.found))


async def _send_to(session: aiohttp.ClientSession, one: _Job) -> None:
    sent = 0
    try:
        async with asyncio.timeout(SECONDS) as limit:
            headers = await asyncio.to_thread(one.collector.headers, one.workspace_id)
            while sent < len(one.found):
                some = one.found[sent : sent + _SPANS_AT_ONCE]
                body = await asyncio.to_thread(otlp.request, one.workspace_id, some)
                answer = await _post(session, one.collector.endpoint, headers, body, limit.when() or 0.0)
                sent += len(some)
                if rejected := otlp.rejected(answer):
                    log.warning("traces.rejected", workspace_id=one.workspace_id, count=rejected)
    except (GeroError, aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        why = error.message if isinstance(error, GeroError) else type(error).__name__
        log.warning("traces.not_exported", workspace_id=one.workspace_id, count=len(one.found) - sent, why=why)


async def _post(
    session: aiohttp.ClientSession, url: str, headers: Mapping[str, str], body: bytes, deadline: float
) -> bytes:
    """The answer's beginning. Posts once more where that may help and there is time until `deadline` (the loop's).

    GeroError when the collector does not take it.
    """
    for last in (False, True):
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            if answer.status < 300:
                return await _beginning(answer)
            pause = _pause(answer.headers.get("Retry-After", ""))
            in_time = asyncio.get_running_loop().time() + pause < deadline
            if last or answer.status not in _AGAIN or not in_time:
                raise GeroError(f"the collector answered {answer.status}")
        await asyncio.sleep(pause)
    raise AssertionError("the last answer returns or raises")


def _pause(told: str) -> float:
    """Seconds to wait, as `Retry-After` has them; a date is read as if nothing was told."""
    return float(told) if told.isdecimal() else _PAUSE_SECONDS


async def _beginning(answer: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for piece in answer.content.iter_chunked(_MAX_ANSWER):
        body += piece
        if len(body) > _MAX_ANSWER:
            break
    return body
