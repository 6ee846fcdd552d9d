"""Waiting for what happens in other processes."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(found: Callable[[], T | None], seconds: float = 30, every: float = 0.1) -> T:
    """The first true result of `found`; AssertionError when there is none in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = found()
        if result:
            return result
        time.sleep(every)
    raise AssertionError(f"it did not happen within {seconds} s")
