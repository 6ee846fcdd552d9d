"""Production first, then the next in the ranking: who is asked, in which order, until somebody answers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from gero.kit import Conflict, GeroError
from gero.providers import Breakers, CallFailed
from gero.providers.serving import Serving
from gero.providers.target import Target

T = TypeVar("T")
Attempt = Callable[[Target], Awaitable[T]]
breakers = Breakers()


class Outcome(Generic[T]):
    """What came of it: who answered, and why production did not when it was another one."""

    def __init__(self, value: T, target: Target, reason: str | None) -> None:
        self.value = value
        self.target = target
        self.reason = reason


def order(serving: Serving) -> list[Target]:
    """Production and its fallbacks, without those that keep failing; production when there is nobody else."""
    wanted = [serving.target, *serving.others[: serving.settings.fallbacks]]
    if len(wanted) == 1:
        return wanted  # better asked once more than refused
    willing = [one for one in wanted if not breakers.refuses(one.endpoint.address)]
    return willing or wanted


async def first_answer(serving: Serving, attempt: Attempt[T], discard: Callable[[T], Awaitable[None]]) -> Outcome[T]:
    """The first answer. When nobody has one, the failure of the first that was asked is raised.

    `discard` lets go of an answer that came too late, where two were asked at a time.
    """
    targets = order(serving)
    skipped = "circuit open" if targets[0] != serving.target else None
    if serving.settings.hedge_after_ms is not None and len(targets) > 1:
        return await _hedged(targets, attempt, discard, serving.settings.hedge_after_ms / 1000, skipped)
    first: GeroError | None = None
    for target in targets:
        try:
            return Outcome(await _noted(target, attempt), target, skipped or _why(first))
        except GeroError as error:
            first = first or error
            if not _another_may_answer(error):
                raise
    assert first is not None
    raise first


async def _hedged(
    targets: Sequence[Target],
    attempt: Attempt[T],
    discard: Callable[[T], Awaitable[None]],
    seconds: float,
    skipped: str | None,
) -> Outcome[T]:
    """As `first_answer`, but the next one is asked too when an answer takes longer than `seconds`."""
    waiting = list(targets)
    asked: dict[asyncio.Task[T], Target] = {}
    first: GeroError | None = None
    try:
        while waiting or asked:
            if waiting:
                target = waiting.pop(0)
                asked[asyncio.ensure_future(_noted(target, attempt))] = target
            done, _ = await asyncio.wait(
                asked, timeout=seconds if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in sorted(done, key=lambda one: targets.index(asked[one])):
                target, error = asked[task], task.exception()
                if error is None:
                    del asked[task]
                    late = None if target == targets[0] else "hedged"
                    return Outcome(task.result(), target, skipped or _why(first) or late)
                del asked[task]
                if not isinstance(error, GeroError) or not _another_may_answer(error):
                    raise error
                first = first or error
    finally:
        await _let_go(asked, discard)
    assert first is not None
    raise first


async def _let_go(asked: "dict[asyncio.Task[T], Target]", discard: Callable[[T], Awaitable[None]]) -> None:
    for task in asked:
        task.cancel()
    for ended in await asyncio.gather(*asked, return_exceptions=True):
        if not isinstance(ended, BaseException):
            await discard(ended)


async def _noted(target: Target, attempt: Attempt[T]) -> T:
    """One attempt, with its end told to the endpoint's circuit."""
    try:
        value = await attempt(target)
    except CallFailed as error:
        breakers.note(target.endpoint.address, error)
        raise
    breakers.note(target.endpoint.address, None)
    return value


def _another_may_answer(error: GeroError) -> bool:
    """Not when the request itself was not accepted. A missing integration (Conflict) concerns one endpoint only."""
    return isinstance(error, Conflict) or (isinstance(error, CallFailed) and error.condition != "rejected")


def _why(error: GeroError | None) -> str | None:
    """Why the first was not the one that answered; None when it was."""
    if error is None:
        return None
    status = error.details.get("provider_status")
    return f"{error.code} ({status})" if status else error.code
