"""The frame of a leaderboard's pages: its name, its tabs, what can be done with it now, and why not."""

from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from functions.api import views
from functions.api.console.rendering import page
from functions.api.console.visitor import Visitor
from functions.api.views import LeaderboardView
from gero import leaderboards, runs
from gero.leaderboards import Leaderboard

TABS = (("ranking", "Ranking", ""), ("detail", "Detail", "/detail"), ("runs", "Run Logs", "/runs"))


@dataclass(frozen=True)
class Board:
    """A leaderboard as its pages show it. `stored` is the domain's, `view` what the API shows."""

    stored: Leaderboard
    view: LeaderboardView

    @property
    def address(self) -> str:
        """The path of its first page."""
        return f"/leaderboards/{self.stored.id}"

    @property
    def busy(self) -> str | None:
        """Why nothing that disturbs a run may be done now; None when none is active."""
        return "A run is active. Wait until it ends, or cancel it." if self.view.active_run_id else None


def find(request: Request, visitor: Visitor, leaderboard_id: str) -> Board:
    """A leaderboard of the visitor's workspace. Forbidden without leaderboards:read, NotFound when there is none."""
    visitor.principal.require("leaderboards:read")
    stored = leaderboards.get(visitor.workspace_id, leaderboard_id)
    active = runs.active_run_id(stored.workspace_id, stored.id)
    return Board(stored, views.leaderboard(stored, active, str(request.base_url).rstrip("/")))


def board_page(
    request: Request, template: str, visitor: Visitor, board: Board, tab: str, *, status: int = 200, **context: Any
) -> HTMLResponse:
    """A page inside the leaderboard's frame: a template that extends board.html. `tab`: ranking, detail, runs or ""."""
    return page(request, template, visitor, status=status, board=board, tab=tab, tabs=TABS, **context)
