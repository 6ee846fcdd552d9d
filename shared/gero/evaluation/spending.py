"""What a run has spent, counted by all its workers together, so that it pauses when it has spent what it may."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from gero.evaluation.plan import EvaluationPlan
from gero.kit import log, table
from gero.kit.table import Changes

EVERY_SECONDS = 1.0
_UNLIMITED = -1


class SpentUp(Exception):
    """The run has spent what it may: what is known is stored, and nothing more is asked."""


class Spending:
    """A worker's view of what the run may still spend, in nano-dollars; it tells the others every second.

    So a run may spend more than it may by what each worker asks in a second. A run without a cap counts nothing.
    """

    def __init__(self, plan: EvaluationPlan) -> None:
        self._key = _key(plan.workspace_id, plan.run_id)
        self._cap = plan.max_cost_nanos
        self._left = plan.max_cost_nanos
        self._untold = 0
        self._under_way = 0
        self._dearest = 0

    def used_up(self) -> bool:
        """Whether one more call might exceed the cap, those under way being as dear as the dearest so far."""
        if self._left is None:
            return False
        return self._untold + max(1, self._dearest * (self._under_way + 1)) > self._left

    @contextmanager
    def call(self) -> Iterator[None]:
        """While a call is under way."""
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    def add(self, nanos: int) -> None:
        """Count what a call cost."""
        self._untold += nanos
        self._dearest = max(self._dearest, nanos)

    async def share(self) -> None:
        """Tell what was spent, and learn what others did."""
        if self._cap is None:
            return
        told, self._untold = self._untold, 0
        try:
            found = await asyncio.to_thread(table.update, *self._key, Changes(add={"spent": told}))
        except Exception as error:  # noqa: BLE001  a missed exchange must not end the calls in flight
            log.failure("spending.missed", error)
            self._untold += told
            return
        cap = int(found.get("cap", self._cap))
        self._left = None if cap == _UNLIMITED else cap - int(found["spent"])


def set_cap(workspace_id: str, run_id: str, nanos: int | None) -> None:
    """Let a run spend so much in all, from now on; None: as much as it takes."""
    table.update(*_key(workspace_id, run_id), Changes(set={"cap": _UNLIMITED if nanos is None else nanos}))


def _key(workspace_id: str, run_id: str) -> tuple[str, str]:
    return f"WS#{workspace_id}#RUN#{run_id}", "SPENT"
