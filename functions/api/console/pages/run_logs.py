"""Run Logs: every run of a leaderboard, the newest first; one that is active shows how far it is."""

from typing import Annotated, NamedTuple

from fastapi import Query, Request, Response

from functions.api import run_views
from functions.api.console import boards
from functions.api.console.page_router import page_router
from functions.api.console.rendering import page
from functions.api.console.run_progress import calls_saved
from functions.api.console.visitor import Visiting
from functions.api.routes import runs as api
from functions.api.run_views import RunView
from gero import runs

router = page_router()
SHOWN = 20


class Line(NamedTuple):
    """A run in the list. `saved`: calls that were not made."""

    run: RunView
    rows: int | None
    models: int | None
    saved: int | None


@router.get("/leaderboards/{leaderboard_id}/runs")
def list_runs(
    request: Request, visitor: Visiting, leaderboard_id: str, offset: Annotated[int, Query(ge=0, le=100_000)] = 0
) -> Response:
    """The leaderboard's runs, twenty a page."""
    board = boards.find(request, visitor, leaderboard_id)
    found = api.list_runs(visitor.principal, leaderboard_id, SHOWN + 1, offset).runs
    return boards.board_page(
        request,
        "run_logs.html",
        visitor,
        board,
        "runs",
        found=[_line(one) for one in found[:SHOWN]],
        offset=offset,
        limit=SHOWN,
        more=len(found) > SHOWN,
    )


@router.get("/leaderboards/{leaderboard_id}/runs/{run_id}/line")
def line(request: Request, visitor: Visiting, leaderboard_id: str, run_id: str) -> Response:
    """The line of an active run as it is now; once it has ended the page is loaded anew."""
    visitor.principal.require("leaderboards:read")
    found = runs.get(visitor.workspace_id, leaderboard_id, run_id)
    address = f"/leaderboards/{leaderboard_id}/runs"
    response = page(request, "parts/run_line.html", visitor, line=_line(run_views.run(found)), address=address)
    if not found.active:
        ended(response)
    return response


def _line(run: RunView) -> Line:
    rows, models = (run.rows, run.models) if run.finished_at else (None, None)
    return Line(run, rows, models, calls_saved(run))


def ended(response: Response) -> None:
    """Tell htmx that there is nothing more to ask for, and that the whole page is another one now."""
    response.status_code = 286
    response.headers["HX-Refresh"] = "true"
