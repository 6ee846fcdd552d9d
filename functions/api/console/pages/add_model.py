"""Adding models to a leaderboard: chosen by price and latency, or one by hand after a test call."""

from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import ValidationError

from functions.api.console import boards
from functions.api.console.boards import Board, board_page
from functions.api.console.model_form import AUTH_METHODS, NUMBERS, QUANTIZATIONS, TYPED, described
from functions.api.console.page_router import page_router
from functions.api.console.plan_locks import plan_of
from functions.api.console.rendering import goes_to, page
from functions.api.console.security import Form
from functions.api.console.submitted import Faults, Submitted, faults, status_of, validated
from functions.api.console.visitor import Visiting, Visitor
from functions.api.console.wording import PLATFORMS, sentence
from functions.api.routes import auto_select, base_models, candidates
from functions.api.routes.auto_select import AutoSelectView
from functions.api.routes.candidates import TrialInput
from gero import access, leaderboards, models
from gero.kit import Conflict, GeroError
from gero.leaderboards import AutoSelectInput, CandidateInput

router = page_router()
_MODELS = "/leaderboards/{leaderboard_id}/models"
_SUGGESTED = 20
Way = Annotated[str, Query(max_length=20)]
Typed = Annotated[str, Query(max_length=300)]
LIMITS = (
    *("max_input_cost_per_million_usd", "max_output_cost_per_million_usd"),
    *("max_latency_p95_ms", "max_latency_p99_ms"),
)
REASONS = {
    "already_on_leaderboard": "already on this leaderboard",
    "closed_weights": "weights are not open",
    "expires_soon": "taken out of OpenRouter soon",
    "free": "free, with a daily quota",
    "input_too_expensive": "input too expensive",
    "output_too_expensive": "output too expensive",
    "latency_unknown": "latency not known",
    "latency_not_looked_up": "latency not looked up; show the choice again for more",
    "too_slow": "too slow",
    "not_needed": "within the limits, but not needed",
    "not_text": "not for text",
    "price_per_request": "priced by request",
    "variable_price": "price varies",
}


@router.get(f"{_MODELS}/new")
def show(
    request: Request, visitor: Visiting, leaderboard_id: str, way: Way = "auto", drgero_model_id: Typed = ""
) -> Response:
    """The page for adding models: `way` is auto, or the platform of a model that is described by hand.

    `drgero_model_id`: which of the Models area is chosen at first.
    """
    board = _writable(request, visitor, leaderboard_id)
    if way not in PLATFORMS:
        return _automatic(request, visitor, board)
    return _by_hand(request, visitor, board, way, Submitted({"drgero_model_id": drgero_model_id}))


@router.get(f"{_MODELS}/offers")
def suggest(request: Request, visitor: Visiting, leaderboard_id: str, model: Typed = "") -> Response:
    """Models of OpenRouter whose name has what was typed, for the list of suggestions."""
    visitor.principal.require("leaderboards:write")
    found = []
    if visitor.may("models:read"):
        found = base_models.list_base_models(visitor.principal, query=model, limit=_SUGGESTED).base_models
    return page(request, "parts/model_offers.html", visitor, found=found)


@router.post(f"{_MODELS}/choice")
def choose(request: Request, visitor: Visiting, form: Form, leaderboard_id: str) -> Response:
    """Show which models auto-select would add, and why not the others."""
    board = _writable(request, visitor, leaderboard_id)
    try:
        found = auto_select.auto_select_models(visitor.principal, leaderboard_id, _limits(form))
    except (ValidationError, GeroError) as error:
        return _automatic(request, visitor, board, form, faults=faults(error), status=status_of(error))
    return _automatic(request, visitor, board, form, found)


@router.post(f"{_MODELS}/auto-select")
def add_chosen(request: Request, visitor: Visiting, form: Form, leaderboard_id: str) -> Response:
    """Add the models that were shown."""
    board = _writable(request, visitor, leaderboard_id)
    try:
        _check_open(visitor, board)
        wanted = _limits(form).model_copy(update={"dry_run": False, "refresh": False})
        made = auto_select.auto_select_models(visitor.principal, leaderboard_id, wanted)
    except (ValidationError, GeroError) as error:
        return _automatic(request, visitor, board, form, faults=faults(error), status=status_of(error))
    return goes_to(request, board.address, f"{made.added} {'model was' if made.added == 1 else 'models were'} added.")


@router.post(f"{_MODELS}/test")
def test(request: Request, visitor: Visiting, form: Form, leaderboard_id: str) -> Response:
    """Call a model once as it is described, without adding it; a part of the page."""
    visitor.principal.require("leaderboards:write")
    told: dict[str, Any] = {"call": None, "faults": {}}
    try:
        wanted = validated(TrialInput, described(form) | {"input": form.optional("input")})
        told["call"] = candidates.try_model(visitor.principal, leaderboard_id, wanted)
    except (ValidationError, GeroError) as error:
        told["faults"] = faults(error)
        return page(request, "parts/trial_call.html", visitor, status=status_of(error), **told)
    return page(request, "parts/trial_call.html", visitor, **told)


@router.post(f"{_MODELS}/new")
def add(request: Request, visitor: Visiting, form: Form, leaderboard_id: str) -> Response:
    """Add the model that is described by hand."""
    board, way = _writable(request, visitor, leaderboard_id), form.text("platform")
    try:
        _check_open(visitor, board)
        made = candidates.add_model(visitor.principal, leaderboard_id, validated(CandidateInput, described(form)))
    except (ValidationError, GeroError) as error:
        return _by_hand(request, visitor, board, way, form, faults(error), status_of(error))
    if _count(board) < 2:
        again = f"{made.name} was added. A run compares at least two models: add another one."
        return goes_to(request, f"{board.address}/models/new?way={way}", again)
    return goes_to(request, board.address, f"{made.name} was added.")


def _writable(request: Request, visitor: Visitor, leaderboard_id: str) -> Board:
    visitor.principal.require("leaderboards:write")
    return boards.find(request, visitor, leaderboard_id)


def _count(board: Board) -> int:
    return sum(1 for _ in leaderboards.candidates.listed(board.stored.workspace_id, board.stored.id))


def _why_not(board: Board) -> str | None:
    """Why no model may be added now."""
    if board.busy:
        return board.busy
    try:
        leaderboards.check_enough_rows(board.stored)
    except Conflict as error:
        return sentence(error.message)
    most = leaderboards.candidates.MAX_CANDIDATES
    if _count(board) >= most:
        return f"This leaderboard has its {most} models. Remove one first."
    return None


def _check_open(visitor: Visitor, board: Board) -> None:
    """Conflict as the page said beforehand."""
    why_not = _why_not(board)
    if why_not:
        raise Conflict(why_not)


def _limits(form: Submitted) -> AutoSelectInput:
    numbers = {name: form.number(name) for name in LIMITS}
    flags = {name: form.flag(name) for name in ("open_weights_only", "refresh")}
    return validated(AutoSelectInput, {"count": form.integer("count"), **numbers, **flags})


def _automatic(
    request: Request,
    visitor: Visitor,
    board: Board,
    form: Submitted | None = None,
    found: AutoSelectView | None = None,
    *,
    faults: Faults | None = None,
    status: int = 200,
) -> Response:
    most = plan_of(visitor).auto_select_models
    told = {
        "form": form or Submitted({"count": str(min(AutoSelectInput().count, most))}),
        "most": most,
        "found": found,
        "faults": faults or {},
        "limits": LIMITS,
        "reasons": REASONS,
        "connected": access.integrations.is_connected(visitor.workspace_id, "openrouter"),
        "why_not": _why_not(board),
        "way": "auto",
        "platforms": PLATFORMS,
    }
    if "hx-request" in request.headers:
        return page(request, "parts/model_choice.html", visitor, status=status, board=board, **told)
    return board_page(request, "add_model/auto.html", visitor, board, "", status=status, **told)


def _by_hand(
    request: Request,
    visitor: Visitor,
    board: Board,
    way: str,
    form: Submitted | None = None,
    wrong: Faults | None = None,
    status: int = 200,
) -> Response:
    if way not in PLATFORMS:
        way = "custom"
    form = form or Submitted({})
    deployed: list[models.Model] = []
    if way == "drgero" and visitor.may("models:read"):
        deployed = [one for one in models.listed(visitor.workspace_id) if one.deployed_version is not None]
    needs = way if way in access.integrations.PROVIDERS else None
    return board_page(
        request,
        f"add_model/{way}.html",
        visitor,
        board,
        "",
        status=status,
        form=form,
        faults=wrong or {},
        typed={name: form.text(name) for name in (*TYPED, *NUMBERS)},
        way=way,
        platforms=PLATFORMS,
        auth_methods=AUTH_METHODS,
        quantizations=QUANTIZATIONS,
        deployed=deployed,
        connected=needs is None or access.integrations.is_connected(visitor.workspace_id, needs),
        why_not=_why_not(board),
    )
