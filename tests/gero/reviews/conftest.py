"""Time that tests move, and the task tokens that were told of success."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from gero.kit import clock, workflows


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The task tokens that were told of success: moto's interpreter has no tasks that wait."""
    found: list[str] = []
    monkeypatch.setattr(workflows, "succeed_task", found.append)
    return found


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the clock on by so many minutes."""
    real = clock.now

    def move(minutes: float) -> None:
        monkeypatch.setattr(clock, "now", lambda: real() + timedelta(minutes=minutes))

    return move
