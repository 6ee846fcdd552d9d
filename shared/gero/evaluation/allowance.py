"""How many calls all workers of a run together may have under way at one endpoint, and what they know of it.

One small item for each endpoint of a run. A worker reads and writes it before its first call and every two seconds:
twenty workers that start at once share what one or two would have asked for, and what one of them learns (too many calls, a
time to wait for, an endpoint of no use) all know two seconds later.
"""

import asyncio
import time
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from gero.evaluation.plan import EvaluationPlan
from gero.kit import Conflict, conditions, log, new_id, table
from gero.providers import Endpoint, Pace

EVERY_SECONDS = 2.0
_START = 64  # calls at a time of all workers together, before anything is known, unless one alone may make more
_HELD_MS = 8_000  # without a word from a worker its share is free again
_SILENCE_MS = 15 * 60_000  # of refused calls and waiting, after which the endpoint is given up
_TRIES = 8
WORKER = new_id()  # this process
_SILENT = "the endpoint gave no answer for 15 minutes: it was {} all the time"


class Holder(msgspec.Struct, frozen=True):
    """A worker's share, free again at `until` (Unix time in milliseconds, as all times here)."""

    share: int
    until: int


class State(msgspec.Struct, frozen=True):
    """What is known of an endpoint. `limit`: calls under way at a time, of all workers together."""

    limit: int
    begun_at: int
    changed_at: int
    answered_at: int = 0
    cut: bool = False
    blocked_until: int = 0
    stopped: str | None = None
    holders: dict[str, Holder] = {}


class Report(NamedTuple):
    """What a worker tells: since its last word, and at the moment."""

    most: int
    """Calls that it would have under way at a time, if it were alone."""
    saturated: bool = False
    throttled: bool = False
    answered: bool = False
    blocked_ms: int = 0
    waiting: str | None = None
    """Why it gets no answers, while it gets none and yet goes on: "throttled" or "waking"."""
    stopped: str | None = None


def shared(state: State | None, worker: str, report: Report, now: int) -> State:
    """The state after a worker's report, in which the worker has its share.

    The limit begins with `_START` calls, or what one worker may do alone, doubles every two seconds while a worker could use more and none
    is throttled, and halves when one is; after that it grows by a sixteenth. Shares are equal, and what others still
    hold is not given twice: together they exceed the limit by at most one call for each worker.
    """
    state = state or State(limit=max(_START, report.most), begun_at=now, changed_at=now)
    others = {name: one for name, one in state.holders.items() if name != worker and one.until > now}
    limit, cut, changed_at = state.limit, state.cut, state.changed_at
    if now - changed_at >= EVERY_SECONDS * 1000:
        most = report.most * (len(others) + 1)
        if report.throttled:
            limit, cut, changed_at = max(1, limit // 2), True, now
        elif report.saturated and limit < most:
            limit, changed_at = min(most, limit + (max(1, limit // 16) if cut else limit)), now
    elif report.throttled and not cut:
        limit, cut, changed_at = max(1, limit // 2), True, now
    free = limit - sum(one.share for one in others.values())
    share = max(1, min(report.most, limit // (len(others) + 1), free))
    answered_at = now if report.answered else state.answered_at
    silent = report.waiting and now - max(answered_at, state.begun_at) > _SILENCE_MS
    return replace(
        state,
        limit=limit,
        cut=cut,
        changed_at=changed_at,
        answered_at=answered_at,
        blocked_until=max(state.blocked_until, now + report.blocked_ms if report.blocked_ms else 0),
        stopped=state.stopped or report.stopped or (_SILENT.format(report.waiting) if silent else None),
        holders=others | {worker: Holder(share, now + _HELD_MS)},
    )


class Allowance:
    """A worker's part in what the run may ask of an endpoint: it sets the ceiling of its pace."""

    def __init__(self, plan: EvaluationPlan, endpoint: Endpoint, pace: Pace, worker: str = WORKER) -> None:
        self._worker = worker
        self._key = (f"WS#{plan.workspace_id}#RUN#{plan.run_id}", f"PACE#{endpoint.address}")
        self._pace = pace
        self._told_at = 0.0

    async def share(self) -> None:
        """Tell what was learnt, and learn what others did. When the table cannot be asked, the share stays as it is."""
        report = self._report()
        self._pace.throttled, self._told_at = False, time.monotonic()
        try:
            state = await asyncio.to_thread(self._exchange, report)
        except Exception as error:  # noqa: BLE001  a missed exchange must not end the calls in flight
            log.failure("allowance.missed", error)
            return
        self._pace.ceiling = state.holders[self._worker].share
        if (left := state.blocked_until - _now()) > 0:
            self._pace.block(left / 1000)
        if state.stopped:
            self._pace.stop(state.stopped)
        self._pace.wake()

    def _report(self) -> Report:
        pace = self._pace
        return Report(
            most=pace.most,
            saturated=pace.saturated,
            throttled=pace.throttled,
            answered=(pace.health.answered_at or 0.0) > self._told_at,
            blocked_ms=int(pace.blocked_seconds * 1000),
            waiting=pace.health.waiting,
            stopped=pace.stopped,
        )

    def _exchange(self, report: Report) -> State:
        pk, sk = self._key
        for _ in range(_TRIES):
            item = table.get(pk, sk, consistent=True)
            known = msgspec.json.decode(item["doc"], type=State) if item else None
            state = shared(known, self._worker, report, _now())
            written = {"pk": pk, "sk": sk, "number": item["number"] + 1 if item else 1}
            unchanged = conditions.equals("number", item["number"]) if item else conditions.absent()
            try:
                table.put(written | {"doc": msgspec.json.encode(state).decode()}, unchanged)
            except Conflict:
                continue
            return state
        raise Conflict("the allowance is being changed by others all the time")


def _now() -> int:
    return time.time_ns() // 1_000_000
