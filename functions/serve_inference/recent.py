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
    """Remembers results for `USABLE_SECONDS`; failures are not remembered."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, T]] = {}
        self._loading: dict[str, asyncio.Task[T]] = {}

    async def get(self, key: str, load: Callable[[], T]) -> T:
        """The remembered result, or that of `load`, which runs in a thread as it may block: once, however many ask."""
        kept = self._kept.get(key)
        age = time.monotonic() - kept[0] if kept else USABLE_SECONDS
        if kept and age < FRESH_SECONDS:
            return kept[1]
        loading = self._loading.get(key) or self._load(key, load)
        if kept and age < USABLE_SECONDS:
            return kept[1]
        return await asyncio.shield(loading)

    def forget(self) -> None:
        """Remember nothing."""
        self._kept.clear()

    def _load(self, key: str, load: Callable[[], T]) -> "asyncio.Task[T]":
        task = self._loading[key] = asyncio.ensure_future(asyncio.to_thread(load))
        task.add_done_callback(lambda done: self._keep(key, done))
        return task

    def _keep(self, key: str, done: "asyncio.Task[T]") -> None:
        del self._loading[key]
        if done.cancelled() or done.exception():
            self._kept.pop(key, None)
            return
        if len(self._kept) >= _MAX_KEPT:
            self._kept.clear()
        self._kept[key] = (time.monotonic(), done.result())
