"""Asking again and again, ever more seldom: until a run ends, until a dataset has its new version."""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gero.cli.client import Client

ENDED: Final = frozenset({"completed", "failed", "cancelled"})
# What a run waits in until a person does something: waiting for it any longer would be in vain.
WAITING: Final = frozenset({"paused", "reviewing"})
_FIRST_PAUSE_SECONDS: Final = 0.3
_LONGEST_PAUSE_SECONDS: Final = 2.0
_GROWTH: Final = 1.25


def follow_run(client: "Client", leaderboard_id: str, run_id: str) -> Iterator[dict[str, Any]]:
    """The run as it is now, again and again; the last one has ended, or waits for a person."""
    path = f"/api/leaderboards/{leaderboard_id}/runs/{run_id}"
    return follow(lambda: client.get(path), lambda run: run["status"] in ENDED | WAITING)


def follow(
    read: Callable[[], dict[str, Any]],
    ended: Callable[[dict[str, Any]], bool],
    longest_pause_seconds: float = _LONGEST_PAUSE_SECONDS,
) -> Iterator[dict[str, Any]]:
    """What `read` gives, again and again; the last one has ended."""
    pause = _FIRST_PAUSE_SECONDS
    while True:
        found = read()
        yield found
        if ended(found):
            return
        time.sleep(pause)
        pause = min(pause * _GROWTH, longest_pause_seconds)
