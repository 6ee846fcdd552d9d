"""How many questions an endpoint is asked at a time, learnt from its answers; and when it is no use to ask at all."""

import asyncio
import random
import time
from collections import deque

from gero.providers.health import Health
from gero.providers.refusal import CallFailed

_START = 32  # calls at a time, before anything is known, that no endpoint minds
_DOUBTFUL = 4  # of an endpoint that has failed and never answered
_WINDOW = 40  # results at least, before the share of refused ones says anything
_CUT_SHARE, _BLOCK_SHARE = 0.1, 0.5
_SURE = 3  # refusals that suffice when they are most of what came
_PAUSE_SECONDS, _MAX_PAUSE_SECONDS = 0.5, 30.0
_MAX_TOLD_SECONDS = 60.0
_WAKING_SECONDS = 5.0


class Stopped(Exception):
    """The endpoint is not asked any more; the text says why."""


class Pace:
    """At most `most` calls at a time, and never more than `ceiling`, the share that others leave.

    It starts with three quarters of them, or 32, and grows with every answer. When more than a tenth of the calls is
    answered with 429 it is cut, by half at most, and from then on grows by a sixteenth for each window of calls. When
    most are, nobody asks until the time that the server names, or for a pause that doubles while it lasts. Single
    refusals are no reason to slow down: the row that met one waits and asks again. What is not used does not grow.
    """

    def __init__(self, most: int) -> None:
        self.most = self.ceiling = most
        self.health = Health()
        self.active = 0
        self.kept = 1.0
        """The share of the pace that cuts have left since somebody last looked (and set it back)."""
        self._limit = float(max(min(_START, most), most * 3 // 4))
        self._cut = False
        self._pauses = 0
        self._blocked_until = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._results = self._refused = 0
        self._told = 0.0
        self._era = 0

    @property
    def allowed(self) -> int:
        """Calls that may be under way at a time, at the moment."""
        doubtful = _DOUBTFUL if self.health.doubtful else self.most
        return max(1, min(int(self._limit), self.ceiling, doubtful))

    @property
    def saturated(self) -> bool:
        """Whether it could use more than its share."""
        return self._limit >= self.ceiling and not self.blocked_seconds

    @property
    def blocked_seconds(self) -> float:
        """How long nobody may ask."""
        return max(0.0, self._blocked_until - time.monotonic())

    @property
    def stopped(self) -> str | None:
        """Why the endpoint is not asked any more; None while it is."""
        return self.health.stopped

    async def turn(self, until: float) -> int:
        """Wait until a call may start; it then counts as under way until `leave`. Stopped when none may any more,
        TimeoutError when the turn does not come before `until` (of `time.monotonic()`).

        Returns the era that it starts in, for `note`: with each cut a new one begins.
        """
        loop = asyncio.get_running_loop()
        while True:
            if self.stopped:
                raise Stopped(self.stopped)
            now = time.monotonic()
            if now > until:
                raise TimeoutError
            if (pause := self._blocked_until - now) > 0:
                await asyncio.sleep(min(pause * random.uniform(1, 1.1), until - now + 0.001))
            elif self.active < self.allowed:
                self.active += 1
                return self._era
            else:
                waiter = loop.create_future()
                self._waiting.append(waiter)
                async with asyncio.timeout(until - now):
                    await waiter

    def leave(self) -> None:
        """A call is not under way any more."""
        self.active -= 1

    def note(self, error: CallFailed | None, era: int) -> None:
        """Learn from how a call ended: with an answer, or with an error. What was asked before the latest cut says
        nothing about the pace since then.
        """
        self.health.note(error)
        if error and error.condition == "waking":
            self.block(_WAKING_SECONDS)
        elif (error is None or error.condition == "throttled") and era == self._era:
            self._count(error)
        if error is None and not self._cut:
            self._grow(1)
        self.wake()

    def block(self, seconds: float) -> None:
        """Let nobody ask for some time."""
        self._blocked_until = max(self._blocked_until, time.monotonic() + seconds)

    def stop(self, why: str) -> None:
        """Let nobody ask any more."""
        self.health.stopped = self.stopped or why
        self.wake()

    def wake(self) -> None:
        """Let those who wait look again, as many as may start."""
        free = len(self._waiting) if self.stopped else self.allowed - self.active
        while free > 0 and self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                free -= 1

    def _count(self, error: CallFailed | None) -> None:
        self._results += 1
        if error:
            self._refused += 1
            self._told = max(self._told, min(error.retry_after or 0.0, _MAX_TOLD_SECONDS))
        share = self._refused / self._results
        if self._refused >= _SURE and share >= _BLOCK_SHARE:
            self.block(self._told or min(_MAX_PAUSE_SECONDS, _PAUSE_SECONDS * 2 ** min(self._pauses, 10)))
            self._pauses += 1
            self._slow_down(share)
        elif self._results >= max(_WINDOW, self.allowed):
            self._pauses = 0
            if share > _CUT_SHARE:
                self._slow_down(share)
            else:
                self._grow(max(1.0, self._limit / 16))
                self._begin_window()

    def _grow(self, calls: float) -> None:
        if self._waiting or self.active + 1 >= self.allowed:
            self._limit = min(float(self.most), self._limit + calls)

    def _slow_down(self, share: float) -> None:
        """Somewhat below what would have been served, so that it is seen whether that much is."""
        kept = max(0.5, 1 - 1.5 * share)
        self._limit = max(1.0, min(self._limit, self.ceiling) * kept)
        self.kept *= kept
        self._cut = True
        self._era += 1
        self._begin_window()

    def _begin_window(self) -> None:
        self._results = self._refused = 0
        self._told = 0.0
