"""Starting a run: what it would ask, cost and take is shown before it starts, or why it cannot."""

from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from pydantic import ValidationError

from functions.api.console import boards
from functions.api.console.boards import Board
from functions.api.console.page_router import page_router
from functions.api.console.plan_locks import plan_of
from functions.api.console.rendering import goes_to, page
from functions.api.console.security import Form
from functions.api.console.submitted import Faults, Submitted, faults, status_of, validated
from functions.api.console.visitor import Visiting, Visitor
from functions.api.console.wording import sentence
from functions.api.routes import runs as api
from functions.api.routes.forecast import ForecastView, forecast_run
from functions.api.run_input import RunInput
from gero import leaderboards
from gero.kit import GeroError

router = page_router()
_LEAST_MODELS = 2
BASES = {"runs": "its own runs", "rows": "the length of the rows", "assumptions": "assumptions"}
_NOTHING: dict[str, Any] = {"rows": "", "dataset_version": "", "max_cost_usd": "", "fresh": False}
# Where people mend what keeps a run from starting, by the code of the refusal; after the leaderboard's address.
_WAYS_OUT = {
    "empty_dataset": ("Push rows", "/detail#push"),
    "dataset_unusable": ("Change the dataset", "/edit/dataset"),
    "plan_limit": ("Your plan", "/settings/plan"),
}


@dataclass(frozen=True)
class Outlook:
    """A forecast, or why there is none. `stops`: such a run would be refused, or fail; `way_out`: a link's text and
    where it leads.
    """

    forecast: ForecastView | None
    why: str = ""
    stops: bool = False
    way_out: tuple[str, str] | None = None


@router.get("/leaderboards/{leaderboard_id}/run")
def forecast(request: Request, visitor: Visiting, leaderboard_id: str) -> Response:
    """The forecast of a run on everything, and the options."""
    visitor.principal.require("leaderboards:run")
    board = boards.find(request, visitor, leaderboard_id)
    return _page(request, visitor, board, RunInput(), _NOTHING)


@router.post("/leaderboards/{leaderboard_id}/run/forecast")
def forecast_again(request: Request, visitor: Visiting, form: Form, leaderboard_id: str) -> Response:
    """The forecast with other options: for htmx the part of the page."""
    visitor.principal.require("leaderboards:run")
    board = boards.find(request, visitor, leaderboard_id)
    is_part = "hx-request" in request.headers
    try:
        wanted = _wanted(form)
    except (ValidationError, GeroError) as error:
        wrong = faults(error)
        if not is_part:
            return _page(request, visitor, board, None, _typed(form), wrong, status_of(error))
        told = "; ".join(f"{field}: {fault}" for field, fault in wrong.items())
        return page(request, "parts/forecast.html", visitor, board=board, outlook=Outlook(None, told), bases=BASES)
    if not is_part:
        return _page(request, visitor, board, wanted, _typed(form))
    outlook = _outlook(visitor, board, wanted)
    return page(request, "parts/forecast.html", visitor, board=board, outlook=outlook, bases=BASES)


@router.post("/leaderboards/{leaderboard_id}/run")
def start(request: Request, visitor: Visiting, form: Form, leaderboard_id: str) -> Response:
    """Start the run and watch it."""
    visitor.principal.require("leaderboards:run")
    try:
        run = api.start_run(visitor.principal, leaderboard_id, _wanted(form))
    except (ValidationError, GeroError) as error:
        wrong = faults(error)
        board = boards.find(request, visitor, leaderboard_id)
        return _page(request, visitor, board, None, _typed(form), wrong, status_of(error))
    return goes_to(request, f"/leaderboards/{leaderboard_id}/runs/{run.id}")


def _wanted(form: Submitted) -> RunInput:
    fields = {
        "rows": form.integer("rows"),
        "dataset_version": form.integer("dataset_version"),
        "max_cost_usd": form.number("max_cost_usd"),
        "fresh": form.flag("fresh"),
    }
    return validated(RunInput, fields)


def _typed(form: Submitted) -> dict[str, Any]:
    texts = {name: form.text(name) for name in ("rows", "dataset_version", "max_cost_usd")}
    return {**texts, "fresh": form.flag("fresh")}


def _outlook(visitor: Visitor, board: Board, wanted: RunInput) -> Outlook:
    """The forecast of such a run; a refusal that says nothing of the options would stop the run, too."""
    found: ForecastView | None = None
    try:
        found = forecast_run(visitor.principal, board.stored.id, wanted)
        plan_of(visitor).check("run_rows", found.rows)
    except GeroError as error:
        text, place = _WAYS_OUT.get(error.code, ("", ""))
        way_out = (text, place if place.startswith("/settings") else board.address + place) if text else None
        told = next(iter(faults(error).values()))
        return Outlook(found, sentence(told), error.status in (402, 409), way_out)
    return Outlook(found)


def _page(
    request: Request,
    visitor: Visitor,
    board: Board,
    wanted: RunInput | None,
    form: dict[str, Any],
    wrong: Faults | None = None,
    status: int = 200,
) -> Response:
    """The page; without `wanted`, since what was typed is wrong, there is nothing to forecast."""
    outlook = _outlook(visitor, board, wanted) if wanted else Outlook(None, "Correct the options first.")
    if outlook.forecast:
        models = len(outlook.forecast.models)
    else:
        models = sum(1 for _ in leaderboards.candidates.listed(visitor.workspace_id, board.stored.id))
    return boards.board_page(
        request,
        "start_run.html",
        visitor,
        board,
        "",
        status=status,
        models=models,
        few=models < _LEAST_MODELS,
        form=form,
        bases=BASES,
        faults=wrong or {},
        outlook=outlook,
    )
