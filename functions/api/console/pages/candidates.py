"""The models of a leaderboard, one by one: what a model is, a test call, taking it off."""

from fastapi import Request, Response

from functions.api.console import boards
from functions.api.console.boards import Board
from functions.api.console.page_router import page_router
from functions.api.console.rendering import goes_to, page
from functions.api.console.security import Form
from functions.api.console.visitor import Visiting
from functions.api.routes import candidates as api
from functions.api.views import ModelView
from gero import leaderboards

router = page_router()
_ONE = "/leaderboards/{leaderboard_id}/models/{model_id}"


@router.get(_ONE)
def read(request: Request, visitor: Visiting, leaderboard_id: str, model_id: str) -> Response:
    """Everything that a model is called with, but its secret."""
    board = boards.find(request, visitor, leaderboard_id)
    stored = leaderboards.candidates.get(visitor.workspace_id, leaderboard_id, model_id)
    model = ModelView.model_validate(leaderboards.candidates.shown(visitor.workspace_id, stored))
    return boards.board_page(
        request, "candidate.html", visitor, board, "detail", model=model, kept=kept_because(board, model_id)
    )


@router.get(f"{_ONE}/remove")
def ask_to_remove(request: Request, visitor: Visiting, leaderboard_id: str, model_id: str) -> Response:
    """The question before a model is taken off; a part of the page."""
    visitor.principal.require("leaderboards:write")
    board = boards.find(request, visitor, leaderboard_id)
    name = leaderboards.candidates.get(visitor.workspace_id, leaderboard_id, model_id).name
    return page(request, "parts/remove_model.html", visitor, board=board, model_id=model_id, name=name)


@router.post(f"{_ONE}/remove")
def remove(request: Request, visitor: Visiting, form: Form, leaderboard_id: str, model_id: str) -> Response:
    """Take a model off the leaderboard."""
    visitor.principal.require("leaderboards:write")
    api.remove_model(visitor.principal, leaderboard_id, model_id)
    return goes_to(request, f"/leaderboards/{leaderboard_id}/detail#models", "The model is taken off.")


@router.post(f"{_ONE}/try")
def ask_once(request: Request, visitor: Visiting, form: Form, leaderboard_id: str, model_id: str) -> Response:
    """Ask a model of the leaderboard once, as a run would; a part of the page."""
    visitor.principal.require("leaderboards:write")
    call = api.try_added_model(visitor.principal, leaderboard_id, model_id)
    return page(request, "parts/trial_call.html", visitor, faults={}, call=call)


def kept_because(board: Board, model_id: str) -> str | None:
    """Why a model cannot be taken off now; None when it can."""
    if board.busy:
        return board.busy
    production = board.stored.production
    if board.stored.model_selection.model_id == model_id:
        return "It is pinned: pin another one, or follow the ranking, first."
    if production and production.model_id == model_id:
        return "It serves: pin another one, or let a run promote another one, first."
    return None
