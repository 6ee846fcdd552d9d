"""Leaderboards with a schedule, and a clock that is moved by hand."""

from datetime import timedelta
from typing import Any

import pytest

from gero import leaderboards, runs
from gero.kit import clock
from gero.leaderboards import Fired, Leaderboard, ScheduleState
from gero.runs import Run
from tests.gero.leaderboards import boards
from tests.gero.leaderboards.boards import add, board
from tests.gero.plans import some_rows


def ready(triggers: dict[str, Any], **more: Any) -> Leaderboard:
    """A leaderboard with two models and a schedule."""
    made = board(schedule={"triggers": triggers, **more})
    add(made, "a")
    add(made, "b")
    return made


def push(made: Leaderboard, first: int, count: int) -> None:
    boards.push(made, some_rows(first + count)[first:])


def now(made: Leaderboard) -> Leaderboard:
    return leaderboards.get("w", made.id)


def state(made: Leaderboard) -> ScheduleState:
    found = now(made).schedule_state
    assert found
    return found


def latest(made: Leaderboard) -> Run:
    return next(runs.listed("w", made.id, 1))


def end(made: Leaderboard) -> None:
    """Let the leaderboard's run be planned and ended."""
    run = latest(made)
    runs.begin(run, dataset={"version": 1}, cells_total=1)
    runs.finish(run, "completed")


class Clock:
    """The time of this test's process, moved by hand."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch

    def go(self, **delta: int) -> None:
        moment = clock.now() + timedelta(**delta)
        self._patch.setattr(clock, "now", lambda: moment)

    def tick(self, **delta: int) -> Fired:
        self.go(**delta)
        return leaderboards.run_due()
