"""What was read from the table a moment ago, so that a warm request reads nothing and waits for nothing."""

import asyncio
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
FRESH_SECONDS, USABLE_SECONDS = 3.0, 5.0
"""For so long a result is as good as new, and for so long it is used while it is read again."""
_MAX_KEPT = 10_000


class Recent(Generic[T]):
    """Remembers results for `USABLE_SECONDS`; failures are not remembered, nor what `lasts` says no of."""

    def __init__(self, lasts: Callable[[T], bool] = lambda _: True) -> None:
        self._lasts = lasts
        self._kept: dict[str, tuple[float, T]] = {}
        self._loading: dict[str, tuple[float, asyncio.Task[T]]] = {}

    async def get(self, key: str, load: Callable[[], T]) -> T:
        """The remembered result, or that of `load`, which runs in a thread as it may block: once, however many ask."""
        kept = self._kept.get(key)
        age = time.monotonic() - kept[0] if kept else USABLE_SECONDS
        if kept and age < FRESH_SECONDS:
            return kept[1]
        begun, loading = self._loading.get(key) or self._load(key, load)
        if kept and age < USABLE_SECONDS:
            return kept[1]
        if time.monotonic() - begun >= USABLE_SECONDS:  # frozen midway: what it reads may be as old as that
            begun, loading = self._load(key, load)
        return await asyncio.shield(loading)

    def forget(self) -> None:
        """Remember nothing."""
        self._kept.clear()

    def _load(self, key: str, load: Callable[[], T]) -> "tuple[float, asyncio.Task[T]]":
        begun = time.monotonic()
        task = asyncio.ensure_future(asyncio.to_thread(load))
        self._loading[key] = begun, task
        task.add_done_callback(lambda done: self._keep(key, begun, done))
        return begun, task

    def _keep(self, key: str, begun: float, done: "asyncio.Task[T]") -> None:
        if self._loading.get(key) == (begun, done):
            del self._loading[key]
        kept = self._kept.get(key)
        if kept and kept[0] > begun:
            return  # a later read was faster
        if done.cancelled() or done.exception() or not self._lasts(done.result()):
            self._kept.pop(key, None)
            return
        if len(self._kept) >= _MAX_KEPT:
            self._kept.clear()
        self._kept[key] = (begun, done.result())
