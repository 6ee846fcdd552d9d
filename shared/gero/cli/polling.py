"""Following a run until it ends."""

import time
from collections.abc import Iterator
from typing import Any, Final

from gero.cli.client import Client

ENDED: Final = frozenset({"completed", "failed", "cancelled"})
_FIRST_PAUSE_SECONDS: Final = 0.3
_LONGEST_PAUSE_SECONDS: Final = 2.0
_GROWTH: Final = 1.25


def follow_run(client: Client, leaderboard_id: str, run_id: str) -> Iterator[dict[str, Any]]:
    """The run as it is now, again and again ever more seldom; the last one has ended."""
    pause = _FIRST_PAUSE_SECONDS
    while True:
        run = client.get(f"/api/leaderboards/{leaderboard_id}/runs/{run_id}")
        yield run
        if run["status"] in ENDED:
            return
        time.sleep(pause)
        pause = min(pause * _GROWTH, _LONGEST_PAUSE_SECONDS)
