"""Production first, then the next in the ranking: who is asked, in which order, until somebody answers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from functions.serve_inference.finding import Served
from gero.kit import Conflict, GeroError
from gero.providers import Breakers, CallFailed
from gero.providers.target import Target

T = TypeVar("T")
Attempt = Callable[[Target], Awaitable[T]]
Discard = Callable[[T], Awaitable[None]]
_SKIPPED = "circuit open"
_LEAST_SECONDS = 1.0
"""For another one to be asked: with less, its failure would say nothing."""
breakers = Breakers()


class Outcome(Generic[T]):
    """What came of it: who answered, and why production did not when it was another one."""

    def __init__(self, value: T, target: Target, reason: str | None) -> None:
        self.value = value
        self.target = target
        self.reason = reason


class Attempts(Generic[T]):
    """Asks for one request. `discard` lets go of an answer that came too late, where two were asked at a time;
    `left` tells the seconds that the request may still take; `ends`: whether an answer has ended when it is there, so
    that its endpoint's circuit can be told. A stream has not.
    """

    def __init__(
        self,
        served: Served,
        attempt: Attempt[T],
        discard: Discard[T],
        left: Callable[[], float],
        *,
        ends: bool,
    ) -> None:
        self._served = served
        self._attempt = attempt
        self._discard = discard
        self._left = left
        self._ends = ends
        self._production = served.serving.target
        self._first: GeroError | None = None

    async def first_answer(self) -> Outcome[T]:
        """The first answer. When nobody has one, the failure of the first that was asked is raised."""
        serving = self._served.serving
        targets = [self._production, *serving.others[: serving.settings.fallbacks]]
        if serving.settings.hedge_after_ms is not None and len(targets) > 1:
            return await self._hedged(targets, serving.settings.hedge_after_ms / 1000)
        for target in targets:
            if self._is_skipped(target, targets):
                continue
            try:
                return self._outcome(await self._noted(target), target)
            except GeroError as error:
                self._failed(error)
        return await self._at_last()

    async def _hedged(self, targets: Sequence[Target], seconds: float) -> Outcome[T]:
        """As `first_answer`, but the next one is asked too when an answer takes longer than `seconds`."""
        waiting = list(targets)
        asked: dict[asyncio.Task[T], Target] = {}
        try:
            while waiting or asked:
                if waiting and not self._is_skipped(target := waiting.pop(0), targets):
                    asked[asyncio.ensure_future(self._noted(target))] = target
                if not asked:
                    continue
                patience = seconds if waiting else None
                done, _ = await asyncio.wait(asked, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
                for task in sorted(done, key=lambda one: targets.index(asked[one])):
                    target, error = asked[task], task.exception()
                    del asked[task]
                    if error is None:
                        return self._outcome(task.result(), target, "hedged")
                    if not isinstance(error, GeroError):
                        raise error
                    self._failed(error)
        finally:
            await self._let_go(asked)
        return await self._at_last()

    async def _at_last(self) -> Outcome[T]:
        """When nobody was asked, since all circuits are open, production is: better once more than not at all."""
        if self._first:
            raise self._first
        return self._outcome(await self._noted(self._production), self._production)

    def _is_skipped(self, target: Target, targets: Sequence[Target]) -> bool:
        if self._first and self._left() < _LEAST_SECONDS:
            return True
        return len(targets) > 1 and breakers.refuses(circuit(self._served.workspace_id, target))

    def _failed(self, error: GeroError) -> None:
        """Remember the first failure. Raised again when another one would not answer either: the request was not
        accepted. A missing integration (Conflict) concerns one endpoint only.
        """
        self._first = self._first or error
        if not isinstance(error, Conflict) and not (isinstance(error, CallFailed) and error.condition != "rejected"):
            raise error

    def _outcome(self, value: T, target: Target, late: str | None = None) -> Outcome[T]:
        if target == self._production:
            return Outcome(value, target, None)
        return Outcome(value, target, _why(self._first) if self._first else late or _SKIPPED)

    async def _noted(self, target: Target) -> T:
        """One attempt, with its end told to the endpoint's circuit."""
        place = circuit(self._served.workspace_id, target)
        try:
            value = await self._attempt(target)
        except CallFailed as error:
            breakers.note(place, error)
            raise
        except BaseException:
            breakers.release(place)
            raise
        if self._ends:
            breakers.note(place, None)
        return value

    async def _let_go(self, asked: "dict[asyncio.Task[T], Target]") -> None:
        for task in asked:
            task.cancel()
        for ended in await asyncio.gather(*asked, return_exceptions=True):
            if not isinstance(ended, BaseException):
                await self._discard(ended)


def circuit(workspace_id: str, target: Target) -> str:
    """What an endpoint is known by to the breakers: with whose key it is called is part of it."""
    endpoint = target.endpoint
    return f"{workspace_id}/{endpoint.address}/{endpoint.sealed_secret or endpoint.integration}"


def _why(error: GeroError) -> str:
    status = error.details.get("provider_status")
    return f"{error.code} ({status})" if status else error.code
