"""The Ranking tab: the ranking with its plots, what serves and why, how that is chosen, and where it answers."""

from collections.abc import Iterable
from typing import Any

from fastapi import Request, Response
from pydantic import ValidationError

from functions.api import production_views, shadow_views
from functions.api.console import boards
from functions.api.console.boards import Board
from functions.api.console.endpoint_samples import VARIABLE, samples
from functions.api.console.page_router import page_router
from functions.api.console.plots import pareto_plot, whisker_plot
from functions.api.console.production_words import ACTIONS, ENDS, MESSAGES, POLICIES, guardrails, lacking
from functions.api.console.rendering import goes_to
from functions.api.console.security import Form
from functions.api.console.submitted import Faults, Submitted, faults, status_of, validated
from functions.api.console.visitor import Visiting, Visitor
from functions.api.production_views import PromotionView
from functions.api.ranking_views import RankingView
from functions.api.routes import leaderboards as api
from functions.api.routes import production
from functions.api.routes.production import RollbackInput
from functions.api.routes.ranking import read_ranking
from gero import access, datasets, leaderboards
from gero.kit import Conflict, GeroError
from gero.leaderboards import LeaderboardPatch, promotions
from gero.providers import directory

router = page_router()
_LEAST_MODELS = 2
_DECISIONS, _DECISIONS_A_PAGE = 5, 25
_SHOWN = 20  # models in a plot, unless all are asked for
_FIELDS = {"model_selection.model_id": "model_id", "promotion_policy": "policy"}  # as the form calls them


@router.get("/leaderboards/{leaderboard_id}")
def ranking(request: Request, visitor: Visiting, leaderboard_id: str, all: bool = False) -> Response:
    """The first page of a leaderboard."""
    return _page(request, visitor, leaderboard_id, whole=all)


@router.post("/leaderboards/{leaderboard_id}/selection")
def select(request: Request, visitor: Visiting, form: Form, leaderboard_id: str) -> Response:
    """Follow the ranking, or pin a model; and by which policy the ranking is followed."""
    visitor.principal.require("leaderboards:write")
    manual = form.text("strategy") == "manual"
    chosen: dict[str, Any] = {"mode": "manual", "model_id": form.optional("model_id")} if manual else {}
    fields = {"model_selection": chosen or {"mode": "ranking_winner"}, "promotion_policy": form.optional("policy")}
    try:
        wanted = validated(LeaderboardPatch, fields)
        api.change_leaderboard(request, visitor.principal, leaderboard_id, wanted)
    except (ValidationError, GeroError) as error:
        wrong = {_FIELDS.get(field, field): fault for field, fault in faults(error).items()}
        return _page(request, visitor, leaderboard_id, typed=form, wrong=wrong, status=status_of(error))
    told = (
        "Production is pinned. Inference follows within five seconds." if manual else "Production follows the ranking."
    )
    return goes_to(request, f"/leaderboards/{leaderboard_id}", told)


@router.post("/leaderboards/{leaderboard_id}/rollback")
def roll_back(request: Request, visitor: Visiting, form: Form, leaderboard_id: str) -> Response:
    """Serve what served before, exactly as it was, and pin it."""
    visitor.principal.require("leaderboards:write")
    try:
        wanted = validated(RollbackInput, {"to": form.optional("to")})
        found = production.roll_back(visitor.principal, leaderboard_id, wanted)
    except (ValidationError, GeroError) as error:
        wrong = {"": next(iter(faults(error).values()))}
        return _page(request, visitor, leaderboard_id, wrong=wrong, status=status_of(error))
    return goes_to(request, f"/leaderboards/{leaderboard_id}", found.told)


@router.get("/leaderboards/{leaderboard_id}/decisions")
def decisions(request: Request, visitor: Visiting, leaderboard_id: str, offset: int = 0) -> Response:
    """Every decision on production, newest first."""
    board = boards.find(request, visitor, leaderboard_id)
    found = production.list_decisions(visitor.principal, leaderboard_id, _DECISIONS_A_PAGE, max(0, offset))
    return boards.board_page(
        request,
        "decisions.html",
        visitor,
        board,
        "ranking",
        found=found,
        actions=ACTIONS,
        live=board.stored,
        persons=_persons(visitor, found.decisions),
    )


def _page(
    request: Request,
    visitor: Visitor,
    leaderboard_id: str,
    *,
    whole: bool = False,
    typed: Submitted | None = None,
    wrong: Faults | None = None,
    status: int = 200,
) -> Response:
    board = boards.find(request, visitor, leaderboard_id)
    names = {one.id: one.name for one in leaderboards.candidates.listed(visitor.workspace_id, leaderboard_id)}
    return boards.board_page(
        request,
        "ranking.html",
        visitor,
        board,
        "ranking",
        status=status,
        candidates=names,
        chosen=_chosen(board, typed),
        policies=[(key, f"{name}: {meaning}") for key, name, meaning in POLICIES],
        faults=wrong or {},
        **_ranked(visitor, board, len(names), whole),
        **_produced(visitor, board, names),
        **_endpoint(board),
    )


def _ranked(visitor: Visitor, board: Board, models: int, whole: bool) -> dict[str, Any]:
    """The ranking and its plots; before the first run has completed `found` is None, and `missing` says what lacks."""
    found: RankingView | None = None
    missing = None
    try:
        found = read_ranking(visitor.principal, board.stored.id)
    except Conflict:
        missing = _missing_rows(board, models)
    entries = found.entries if found else []
    shown = entries if whole else entries[:_SHOWN]
    serving = board.stored.production.model_id if board.stored.production else None
    return {
        "found": found,
        "missing": missing,
        "entries": entries,
        "unpriced": any(one.rows > one.errors and not one.cost_per_1000_usd for one in entries),
        "hidden": len(entries) - len(shown),
        "serving": serving,
        "ends": ENDS,
        "dropped": {one.model_id: one for one in found.race.dropped} if found and found.race else {},
        "whiskers": whisker_plot(shown, serving),
        "pareto": pareto_plot(entries, serving),
    }


def _produced(visitor: Visitor, board: Board, names: dict[str, str]) -> dict[str, Any]:
    """What serves, the latest decisions, and what a challenger lacks that was held back."""
    stored = board.stored
    live = production_views.production(stored)
    listed = promotions.listed(stored.workspace_id, stored.id, limit=_DECISIONS)
    decided = [production_views.promotion(one) for one in listed]
    pending = live.pending
    return {
        "live": live,
        "challenger": names.get(pending.challenger_id, "a model that has left") if pending else None,
        "lacking": lacking(pending, live.latest_decision) if pending else None,
        "guardrails": guardrails(stored.guardrails),
        "shadow": shadow_views.shadow(stored) if stored.inference.shadow.percent else None,
        "decisions": decided,
        "actions": ACTIONS,
        "persons": _persons(visitor, decided),
    }


def _endpoint(board: Board) -> dict[str, Any]:
    """Where the leaderboard answers, and programs that ask it."""
    base_url = f"{board.view.inference_url.split('/v1/leaderboard/')[0]}/v1"
    named = directory.find(board.stored.workspace_id, board.stored.name)
    model = named[0].slug if len(named) == 1 else board.stored.id  # the name, where nothing else is called so
    return {
        "base_url": base_url,
        "model": model,
        "messages": MESSAGES[board.view.inference.messages_prompt],
        "variable": VARIABLE,
        "samples": samples(base_url, model),
    }


def _chosen(board: Board, typed: Submitted | None) -> dict[str, str]:
    """How production is chosen, or how somebody just wanted it to be."""
    selection, served = board.stored.model_selection, board.stored.production
    kept = {
        "strategy": selection.mode,
        "model_id": selection.model_id or (served.model_id if served else ""),
        "policy": board.stored.promotion_policy,
    }
    return {name: typed.text(name, value) for name, value in kept.items()} if typed else kept


def _persons(visitor: Visitor, decided: Iterable[PromotionView]) -> dict[str, str]:
    """The names of the tokens that decided. People are known by their e-mail addresses, which need no reading."""
    if all(one.by is None or "@" in one.by for one in decided):
        return {}
    return {one.id: one.name for one in access.tokens.listed(visitor.workspace_id)}


def _missing_rows(board: Board, models: int) -> str | None:
    """What a PUSH dataset lacks before models can be added, or a run can be made; None when it lacks nothing."""
    if board.stored.dataset_type != "PUSH":
        return None
    if models >= _LEAST_MODELS:
        has_rows = datasets.accepted_rows(board.stored.workspace_id, board.stored.id)
        return None if has_rows else "the dataset has no rows yet; push some first"
    try:
        leaderboards.check_enough_rows(board.stored)
    except Conflict as error:
        return error.message
    return None
