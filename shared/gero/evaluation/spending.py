"""What a run may spend: each worker asks for a part of it before it makes calls, so together they stay within it."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from gero import providers
from gero.evaluation.plan import EvaluationPlan
from gero.kit import Conflict, Unavailable, conditions, log, money, table
from gero.kit.table import Changes
from gero.providers import Endpoint

USED_UP = "it has spent what it may"
_UNLIMITED = -1
_CALLS_AT_ONCE, _SHARE = 16, 8  # a worker asks for so many calls' worth, but for an eighth of what is left at most
_FORGETTING = 98  # percent that stay of the dearest call with each other one: it may have been a single one
_TRIES = 20
_ANSWER_TOKENS = 256  # a guess, until calls have told what they cost


class Halted(Exception):
    """The run is to wait for a person, for the reason that the text says; what is known is stored."""


class Bill(msgspec.Struct):
    """What a call cost, in nano-dollars; whoever made it says so."""

    nanos: int = 0


class Spending:
    """A worker's part of what the run may spend, in nano-dollars. A run without a limit counts nothing.

    A call begins when there is enough for one as dear as the dearest of late: a run exceeds its limit only by as much
    as its last calls turn out dearer than those before them.
    """

    def __init__(self, plan: EvaluationPlan) -> None:
        self._key = _key(plan.workspace_id, plan.run_id)
        self._cap = plan.max_cost_nanos or 0
        self._free = plan.max_cost_nanos is None
        self._granted = 0
        self._dearest = 0
        self._used_up = False
        self._asking = asyncio.Lock()

    def used_up(self) -> bool:
        """Whether a call could not be made for want of money."""
        return self._used_up

    @asynccontextmanager
    async def call(self, endpoint: Endpoint, body: bytes) -> AsyncIterator[Bill]:
        """While a call is made. NotNow when the run has nothing left for it."""
        bill = Bill()
        if self._free:
            yield bill
            return
        held = await self._hold(_guess(endpoint, body))
        try:
            yield bill
        finally:
            self._granted += held - bill.nanos
            self._dearest = max(bill.nanos, self._dearest * _FORGETTING // 100)

    async def _hold(self, guess: int) -> int:
        async with self._asking:
            while self._granted < self._need(guess) and not self._free:
                # Counted here and after it came, not in the thread: calls that end meanwhile change the count, too.
                granted = 0 if self._used_up else await asyncio.to_thread(self._ask_for, guess)
                self._granted += granted
                self._used_up = not (granted or self._free)
                if self._used_up:
                    raise providers.NotNow("the run has spent what it may")
            need = 0 if self._free else self._need(guess)
            self._granted -= need
        return need

    def _need(self, guess: int) -> int:
        # A guess must not keep a run from making its first calls, which tell.
        return self._dearest or min(guess, max(1, self._cap // _CALLS_AT_ONCE))

    async def give_back(self) -> None:
        """Let others have what was not spent."""
        if not self._free and self._granted:
            rest, self._granted = self._granted, 0
            try:
                told = Changes(set={"dearest": self._dearest}, add={"granted": -rest})
                await asyncio.to_thread(table.update, *self._key, told)
            except Exception as error:  # noqa: BLE001  what was answered matters more; so much is left unspent
                log.failure("spending.not_given_back", error)

    def _ask_for(self, guess: int) -> int:
        """How much is granted, for one call at least; 0 when there is not so much left."""
        for attempt in range(_TRIES):
            known = table.get(*self._key, consistent=True) or {}
            cap = int(known.get("cap", self._cap))
            if cap == _UNLIMITED:
                self._free = True
                return 0
            granted = int(known.get("granted", 0))
            self._dearest = self._dearest or int(known.get("dearest", 0))
            need = self._need(guess)
            wanted = max(need - self._granted, min(need * _CALLS_AT_ONCE, (cap - granted) // _SHARE))
            if wanted > cap - granted:
                return 0
            unchanged = conditions.equals("granted", granted) if "granted" in known else conditions.absent("granted")
            try:
                told = Changes(set={"dearest": self._dearest}, add={"granted": wanted})
                table.update(*self._key, told, unchanged)
            except Conflict:
                time.sleep(random.uniform(0, min(1.0, 0.01 * 2**attempt)))
                continue
            return wanted
        raise Unavailable("the run's spending is being changed by others all the time")


def spent(workspace_id: str, run_id: str) -> int:
    """What the workers of a run with a limit have set aside in all: when none is at work, what they spent."""
    known = table.get(*_key(workspace_id, run_id), consistent=True) or {}
    return int(known.get("granted", 0))


def set_cap(workspace_id: str, run_id: str, nanos: int | None) -> None:
    """Let a run spend so much in all, from now on; None: as much as it takes."""
    table.update(*_key(workspace_id, run_id), Changes(set={"cap": _UNLIMITED if nanos is None else nanos}))


def _guess(endpoint: Endpoint, body: bytes) -> int:
    asked = money.cost_of_tokens(len(body) // 4, endpoint.input_nanos_per_million)
    return max(1, asked + money.cost_of_tokens(_ANSWER_TOKENS, endpoint.output_nanos_per_million))


def _key(workspace_id: str, run_id: str) -> tuple[str, str]:
    return f"WS#{workspace_id}#RUN#{run_id}", "SPENT"
