"""Where the pages of runs are, and runs that wait for people."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from functions.open_review.handler import handler as open_review
from gero import access, leaderboards, runs
from gero.evaluation import spending
from gero.kit import table
from gero.kit.table import Changes
from gero.leaderboards import LeaderboardPatch
from gero.runs import Run
from tests.functions.conftest import Ready
from tests.functions.console import Browser, Page, browser_of_nobody
from tests.functions.context import Context
from tests.functions.workflow import dispatched, ranked


@contextmanager
def browser_of_reader(ready: Ready) -> Iterator[Browser]:
    """A browser of somebody who may look at leaderboards, and do nothing."""
    _, secret = access.tokens.create(ready.workspace, "reader", ["leaderboards:read"])
    with browser_of_nobody() as browser:
        browser.sign_in(secret)
        yield browser


def logs(ready: Ready) -> str:
    """The Run Logs."""
    return f"/leaderboards/{ready.leaderboard.id}/runs"


def of(run: Run, tail: str = "") -> str:
    """The page of a run, or what stands below it."""
    return f"/leaderboards/{run.leaderboard_id}/runs/{run.id}{tail}"


def moved(run: Run, status: str, **values: Any) -> Run:
    """Another status, as workers and workflow would set it."""
    key = runs.run.partition(run.workspace_id, run.leaderboard_id), f"RUN#{run.id}"
    table.update(*key, Changes(set={"status": status, **values}))
    return runs.get(run.workspace_id, run.leaderboard_id, run.id)


def paused(ready: Ready) -> Run:
    """A run that has spent what it may, $1.50."""
    run = dispatched(ready, max_cost_nanos=1_500_000_000)
    return moved(run, "paused", waits_for=spending.USED_UP)


def reviewing(ready: Ready) -> Run:
    """A run whose answers wait for people."""
    leaderboards.patch(ready.workspace, ready.leaderboard.id, LeaderboardPatch(eval_type="human"))
    run = ranked(ready)
    open_review(ready.event("open_review", "last_round", run=run.id), Context())
    return run


def lines(page: Page) -> list[str]:
    """What a page tells of each model."""
    return [" ".join(row.get_text(" ").split()) for row in page.select("#run-models tr")]
