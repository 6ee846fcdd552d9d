"""The Detail tab: what a leaderboard is made of, and its models, dataset, push tokens, schedule and notifications."""

from typing import Annotated, Any

from fastapi import Query, Request, Response

from functions.api.console import boards
from functions.api.console.boards import Board
from functions.api.console.page_router import page_router
from functions.api.console.pages.candidates import kept_because
from functions.api.console.production_words import guardrails
from functions.api.console.rendering import goes_to, page
from functions.api.console.security import Form
from functions.api.console.visitor import Visiting, Visitor
from functions.api.console.wording import plural
from functions.api.routes import candidates, dataset, push_tokens
from gero.kit import clock
from gero.leaderboards import Leaderboard, notifications, webhooks

router = page_router()
_LOOKS = 30  # at a version that is being made, every two seconds
Looks = Annotated[int, Query(ge=0, le=_LOOKS)]
# How the triggers of a schedule are called on pages.
TRIGGERS = {"cron": "Time", "new_data": "New rows", "model_version": "New versions of models"}
FIELDS = (
    ("input, prompt, question, query", "the input"),
    ("messages", "chat messages, turned into an input where there is none"),
    ("output, response, completion, answer, expected", "the accepted answer, or a list of them"),
    ("id, example_id, trace_id", "what a row is known by: pushed again it is taken once"),
    ("rubric", "what a judge goes by for this row"),
    ("metadata, tags", "free for your own use"),
)


@router.get("/leaderboards/{leaderboard_id}/detail")
def detail(request: Request, visitor: Visiting, leaderboard_id: str, looks: Looks = 0) -> Response:
    """The whole tab."""
    return detail_page(request, visitor, boards.find(request, visitor, leaderboard_id), looks=looks)


@router.get("/leaderboards/{leaderboard_id}/detail/dataset")
def dataset_figures(request: Request, visitor: Visiting, leaderboard_id: str, looks: Looks = 0) -> Response:
    """The dataset's figures alone. They ask for themselves again while rows wait, at most `looks` times."""
    board = boards.find(request, visitor, leaderboard_id)
    shown = _dataset(request, visitor, board) | {"looks": looks}
    return page(request, "parts/detail_dataset.html", visitor, board=board, **shown)


@router.post("/leaderboards/{leaderboard_id}/dataset/consolidate")
def consolidate(request: Request, visitor: Visiting, form: Form, leaderboard_id: str) -> Response:
    """Make the rows that wait a new version, now."""
    visitor.principal.require("leaderboards:write")
    queued = dataset.consolidate(visitor.principal, leaderboard_id)
    told = f"A new version with the {plural(queued.pending_events, 'waiting row')} comes within seconds."
    return goes_to(request, f"/leaderboards/{leaderboard_id}/detail?looks={_LOOKS}#dataset", told)


def detail_page(request: Request, visitor: Visitor, board: Board, *, status: int = 200, **shown: Any) -> Response:
    """The tab; `shown`: what an action adds, such as a secret that is shown once, or faults."""
    caller, found = visitor.principal, board.stored
    models = candidates.list_models(caller, found.id).models
    writes = visitor.may("leaderboards:write")
    pushed = found.dataset_type == "PUSH"
    told = {
        "models": models,
        "kept": {one.id: kept_because(board, one.id) for one in models},
        **_dataset(request, visitor, board),
        "tokens": push_tokens.list_push_tokens(request, caller, found.id).tokens if pushed and writes else [],
        "times": sorted(found.next_times.items(), key=lambda one: one[1]),
        **(_notified(found) if writes else {}),
        "fields": FIELDS,
        "triggers": TRIGGERS,
        "limits": guardrails(found.guardrails),
        "events": webhooks.EVENTS,
        "looks": 0,
        "made_token": None,
        "made_secret": None,
        "faults": {},
        "typed": {},
    }
    return boards.board_page(request, "detail.html", visitor, board, "detail", status=status, **told | shown)


def _dataset(request: Request, visitor: Visitor, board: Board) -> dict[str, Any]:
    data = dataset.read_dataset(request, visitor.principal, board.stored.id)
    last = board.stored.end_date
    ended = last is not None and str(last) < clock.now().date().isoformat()
    return {"data": data, "ended": ended, "may_write": visitor.may("leaderboards:write")}


def _notified(found: Leaderboard) -> dict[str, Any]:
    """Where events go, what came of the latest one, and which of them wait."""
    place = found.workspace_id, found.id
    webhook = webhooks.find(*place)
    outcome = webhooks.outcome(*place) if webhook else {}
    return {"webhook": webhook, "outcome": outcome, "waiting": list(notifications.waiting(*place)) if webhook else []}


def address_of(leaderboard: Leaderboard, section: str) -> str:
    """Where a section of the tab is."""
    return f"/leaderboards/{leaderboard.id}/detail#{section}"
