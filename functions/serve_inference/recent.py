"""What was read from the table a moment ago, so that a warm request reads nothing."""

import asyncio
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
_MAX_KEPT = 10_000


class Recent(Generic[T]):
    """Remembers results for some seconds; failures are not remembered."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._kept: dict[str, tuple[float, T]] = {}

    async def get(self, key: str, load: Callable[[], T]) -> T:
        """The remembered result, or that of `load`, which runs in a thread as it may block."""
        kept = self._kept.get(key)
        if kept and kept[0] > time.monotonic():
            return kept[1]
        found = await asyncio.to_thread(load)
        if len(self._kept) >= _MAX_KEPT:
            self._kept.clear()
        self._kept[key] = (time.monotonic() + self._seconds, found)
        return found

    def forget(self) -> None:
        """Remember nothing."""
        self._kept.clear()
