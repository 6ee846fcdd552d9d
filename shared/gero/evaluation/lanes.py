"""Working through a batch's rows some at a time."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from gero.datasets import Row


async def in_lanes(
    rows: deque[Row], count: int, work: Callable[[Row], Awaitable[None]], go_on: Callable[[], bool]
) -> None:
    """Take `rows` from the left, at most `count` at a time, while `go_on()`; `work` may put one back to the right.

    The first exception ends all and is raised.
    """

    async def lane() -> None:
        while rows and go_on():
            await work(rows.popleft())

    lanes = [asyncio.create_task(lane()) for _ in range(min(count, len(rows)))]
    try:
        await asyncio.gather(*lanes)
    finally:
        for one in lanes:
            one.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
