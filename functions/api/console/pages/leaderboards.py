"""The list of leaderboards, and what can be done with one as a whole: rename and delete."""

from typing import Annotated, Any, NamedTuple

from fastapi import Query, Request, Response
from pydantic import ValidationError

from functions.api.console import boards
from functions.api.console.boards import Board
from functions.api.console.page_router import page_router
from functions.api.console.plan_locks import create_locked, delete_locked
from functions.api.console.rendering import goes_to, page
from functions.api.console.security import Form
from functions.api.console.submitted import faults, status_of, validated
from functions.api.console.visitor import Visiting, Visitor
from functions.api.console.wording import state
from functions.api.routes import leaderboards as api
from gero import access, leaderboards
from gero.kit import GeroError, money, settings
from gero.leaderboards import LeaderboardPatch, Overview

router = page_router()
_SHOWN = 25
Before = Annotated[str | None, Query(max_length=64)]
DATASETS = {"GET": "Get dataset", "PUSH": "Push dataset"}
EVALUATIONS = {"exact": "Exact", "judge": "Judge", "human": "Human"}


class Line(NamedTuple):
    """A leaderboard in the list. `tone` of its status as in `wording.state`; `busy`: a run is active."""

    overview: Overview
    status: str
    tone: str
    busy: bool
    cost_usd: float | None


@router.get("/leaderboards")
def list_leaderboards(request: Request, visitor: Visiting, before: Before = None) -> Response:
    """The workspace's leaderboards, newest first, and where each stands."""
    visitor.principal.require("leaderboards:read")
    found = leaderboards.overviews(visitor.workspace_id, before=before, limit=_SHOWN + 1)
    lines = [_line(one) for one in found[:_SHOWN]]
    return page(
        request,
        "leaderboards.html",
        visitor,
        lines=lines,
        before=before,
        older=lines[-1].overview.leaderboard.id if len(found) > _SHOWN else None,
        connected=access.integrations.is_connected(visitor.workspace_id, "openrouter"),
        create_locked=create_locked(visitor),
        delete_locked=delete_locked(visitor),
        datasets=DATASETS,
        evaluations=EVALUATIONS,
    )


@router.get("/leaderboards/{leaderboard_id}/rename")
def ask_name(request: Request, visitor: Visiting, leaderboard_id: str) -> Response:
    """The dialog that asks for another name."""
    board = _writable(request, visitor, leaderboard_id)
    return _dialog(request, visitor, board, "rename", typed=board.view.name)


@router.post("/leaderboards/{leaderboard_id}/rename")
def rename(request: Request, visitor: Visiting, form: Form, leaderboard_id: str) -> Response:
    """Give a leaderboard another name."""
    board, name = _writable(request, visitor, leaderboard_id), form.text("name")
    try:
        wanted = validated(LeaderboardPatch, {"name": name})
        api.change_leaderboard(request, visitor.principal, leaderboard_id, wanted)
    except (ValidationError, GeroError) as error:
        return _dialog(request, visitor, board, "rename", status_of(error), typed=name, faults=faults(error))
    return goes_to(request, "/leaderboards", f"{board.view.name} is now called {name}.")


@router.get("/leaderboards/{leaderboard_id}/delete")
def ask_deletion(request: Request, visitor: Visiting, leaderboard_id: str) -> Response:
    """The dialog that names what goes with a leaderboard, and asks."""
    return _deletion(request, visitor, _writable(request, visitor, leaderboard_id))


@router.post("/leaderboards/{leaderboard_id}/delete")
def delete(request: Request, visitor: Visiting, form: Form, leaderboard_id: str) -> Response:
    """Delete a leaderboard with all that is its own."""
    board = _writable(request, visitor, leaderboard_id)
    try:
        api.delete_leaderboard(visitor.principal, leaderboard_id)
    except GeroError as error:
        return _deletion(request, visitor, board, status_of(error), faults(error))
    return goes_to(request, "/leaderboards", f"{board.view.name} is deleted.")


def _writable(request: Request, visitor: Visitor, leaderboard_id: str) -> Board:
    visitor.principal.require("leaderboards:write")
    return boards.find(request, visitor, leaderboard_id)


def _line(one: Overview) -> Line:
    if one.run is None:
        return Line(one, *_before_runs(one), busy=False, cost_usd=None)
    ended = None if one.run.active else money.to_usd(one.run.cost_nanos)
    return Line(one, *state(one.run.status), busy=one.run.active, cost_usd=ended)


def _before_runs(one: Overview) -> tuple[str, str]:
    """What a leaderboard that has not run yet waits for."""
    needed = settings.min_pushed_rows()
    if one.leaderboard.dataset_type == "PUSH" and one.accepted_rows < needed:
        return f"Waiting for rows {one.accepted_rows:,}/{needed:,}", "calm"
    if one.models < 2:
        return ("No models yet", "One model, needs two")[one.models], "calm"
    return "Ready to run", "good"


def _deletion(
    request: Request, visitor: Visitor, board: Board, status: int = 200, wrong: dict[str, str] | None = None
) -> Response:
    models = list(leaderboards.candidates.listed(visitor.workspace_id, board.stored.id))
    why_not = delete_locked(visitor) or board.busy
    return _dialog(request, visitor, board, "delete", status, models=models, why_not=why_not, faults=wrong or {})


def _dialog(request: Request, visitor: Visitor, board: Board, name: str, status: int = 200, **context: Any) -> Response:
    """A dialog for htmx, which is put into the page that is open; otherwise a page of its own."""
    template = f"parts/leaderboard_{name}.html" if "hx-request" in request.headers else "leaderboard_dialog.html"
    told = {"faults": {}} | context
    return page(request, template, visitor, status=status, board=board, dialog=name, **told)
