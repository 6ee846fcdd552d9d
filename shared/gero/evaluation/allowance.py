"""How many calls all workers of a run together may have under way at one endpoint, and what they know of it.

One small item for each endpoint of a run. A worker reads and writes it before its first call and every two seconds:
twenty workers that start at once share what one or two would have asked for, and what one of them learns (too many
calls, a time to wait for, a candidate that is of no use) all know two seconds later.
"""

import asyncio
import random
import time
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from gero.evaluation.plan import EvaluationPlan, PlannedCandidate
from gero.kit import Conflict, conditions, log, new_id, table
from gero.providers import Pace

EVERY_SECONDS = 2.0
_START = 64  # calls at a time of all workers together, before anything is known, unless one alone may make more
_HELD_MS = 8_000  # without a word from a worker its share is free again
# Of waiting, after which the endpoint is given up: one that answered once, or wakes up, gets more time.
_SILENCE_MS, _NEVER_ANSWERED_MS = 15 * 60_000, 3 * 60_000
_PAUSE_MS = 60_000  # without a word: nobody asked
_TRIES = 8
WORKER = new_id()  # this process
_SILENT = "the endpoint gave no answer for {:.0f} minutes: it was {} all the time"


class Holder(msgspec.Struct, frozen=True):
    """A worker's share, free again at `until` (Unix time in milliseconds, as all times here)."""

    share: int
    until: int


class Candidate(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of one candidate at the endpoint: others there may have other keys and parameters."""

    answered: bool = False
    waiting_since: int = 0
    told_at: int = 0
    stopped: str | None = None


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of an endpoint. `limit`: calls under way at a time, of all workers together."""

    limit: int
    changed_at: int
    cut: bool = False
    blocked_until: int = 0
    holders: dict[str, Holder] = {}
    candidates: dict[str, Candidate] = {}


class Report(NamedTuple):
    """What a worker tells: since its last word, and at the moment."""

    candidate_id: str
    most: int
    """Calls that it would have under way at a time, if it were alone."""
    saturated: bool = False
    kept: float = 1.0
    """What cuts have left of its own pace."""
    answered: bool = False
    blocked_until: int = 0
    waiting: str | None = None
    """Why it gets no answers, while it gets none and yet goes on: "throttled" or "waking"."""
    stopped: str | None = None


def shared(state: State | None, worker: str, report: Report, now: int) -> State:
    """The state after a worker's report, in which the worker has its share.

    The limit begins with `_START` calls, or what one worker may do alone, doubles every two seconds while a worker
    could use more and none is throttled, and is cut as a worker's own pace was, by half at most; after that it grows by
    a quarter. Shares are equal, and what others still hold is not given twice: together they exceed the limit by at
    most one call for each worker.
    """
    state = state or State(limit=max(_START, report.most), changed_at=now)
    others = {name: one for name, one in state.holders.items() if name != worker and one.until > now}
    limit, cut, changed_at = state.limit, state.cut, state.changed_at
    due = now - changed_at >= EVERY_SECONDS * 1000
    if report.kept < 1 and (due or not cut):
        limit, cut, changed_at = max(1, int(limit * max(0.5, report.kept))), True, now
    elif report.saturated and due and limit < (most := max(limit, report.most * (len(others) + 1))):
        limit, changed_at = min(most, limit + (max(1, limit // 4) if cut else limit)), now
    free = limit - sum(one.share for one in others.values())
    share = max(1, min(report.most, limit // (len(others) + 1), free))
    known = state.candidates.get(report.candidate_id, Candidate())
    return replace(
        state,
        limit=limit,
        cut=cut,
        changed_at=changed_at,
        blocked_until=max(state.blocked_until, report.blocked_until),
        holders=others | {worker: Holder(share, now + _HELD_MS)},
        candidates=state.candidates | {report.candidate_id: _seen(known, report, now)},
    )


def _seen(known: Candidate, report: Report, now: int) -> Candidate:
    """What is known of a candidate after a report. Time in which nobody asks it is no silence of its endpoint."""
    since = known.waiting_since if now - known.told_at < _PAUSE_MS else 0
    since = 0 if report.answered else since or (now if report.waiting else 0)
    answered = known.answered or report.answered
    patience = _SILENCE_MS if answered or report.waiting == "waking" else _NEVER_ANSWERED_MS
    silent = report.waiting and since and now - since > patience
    why = _SILENT.format(patience / 60_000, report.waiting) if silent else None
    return Candidate(answered, since, now, known.stopped or report.stopped or why)


class Allowance:
    """A worker's part in what the run may ask of an endpoint: it sets the ceiling of its pace."""

    def __init__(
        self, plan: EvaluationPlan, candidate: PlannedCandidate, pace: Pace, worker: str = WORKER, epoch: int = 0
    ) -> None:
        self._worker = worker
        self._candidate_id = candidate.id
        self._key = (f"WS#{plan.workspace_id}#RUN#{plan.run_id}", f"PACE#{epoch:03}#{candidate.endpoint.address}")
        self._pace = pace
        self._told_at = time.monotonic()

    async def share(self) -> None:
        """Tell what was learnt, and learn what others did. When the table cannot be asked, the share stays as it is."""
        pace, report, told_at = self._pace, self._report(), time.monotonic()
        pace.kept = 1.0
        try:
            state = await asyncio.to_thread(self._exchange, report)
        except Exception as error:  # noqa: BLE001  a missed exchange must not end the calls in flight
            log.failure("allowance.missed", error)
            pace.kept *= report.kept
            return
        self._told_at = told_at
        pace.ceiling = state.holders[self._worker].share
        if (left := state.blocked_until - _now()) > 0:
            pace.block(left / 1000)
        known = state.candidates[self._candidate_id]
        if known.answered and pace.health.answered_at is None:
            pace.health.answered_at = told_at
        if known.stopped:
            pace.stop(known.stopped)
        pace.wake()

    def _report(self) -> Report:
        pace = self._pace
        return Report(
            candidate_id=self._candidate_id,
            most=pace.most,
            saturated=pace.saturated,
            kept=pace.kept,
            answered=(pace.health.answered_at or 0.0) > self._told_at,
            blocked_until=_now() + int(pace.blocked_seconds * 1000) if pace.blocked_seconds else 0,
            waiting=pace.health.waiting,
            stopped=pace.stopped,
        )

    def _exchange(self, report: Report) -> State:
        pk, sk = self._key
        for attempt in range(_TRIES):
            item = table.get(pk, sk, consistent=True)
            known = msgspec.json.decode(item["doc"], type=State) if item else None
            state = shared(known, self._worker, report, _now())
            written = {"pk": pk, "sk": sk, "number": item["number"] + 1 if item else 1}
            unchanged = conditions.equals("number", item["number"]) if item else conditions.absent()
            try:
                table.put(written | {"doc": msgspec.json.encode(state).decode()}, unchanged)
            except Conflict:
                time.sleep(random.uniform(0, 0.01 * 2**attempt))
                continue
            return state
        raise Conflict("the allowance is being changed by others all the time")


def _now() -> int:
    return time.time_ns() // 1_000_000
