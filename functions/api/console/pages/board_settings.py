"""Changing a leaderboard: the wizard's steps with what it is now, and how its endpoint answers."""

from typing import Any

from fastapi import Request, Response
from pydantic import ValidationError

from functions.api.console import boards
from functions.api.console.boards import Board
from functions.api.console.leaderboard_form import MAPPED, STEPS, Draft, as_typed, told_faults, wanted
from functions.api.console.page_router import page_router
from functions.api.console.pages.create_leaderboard import previewed
from functions.api.console.pages.detail import address_of
from functions.api.console.plan_locks import plan_of
from functions.api.console.rendering import goes_to
from functions.api.console.security import Form
from functions.api.console.submitted import Faults, Submitted, faults, status_of, validated
from functions.api.console.visitor import Visiting, Visitor
from functions.api.routes import leaderboards as api
from gero import leaderboards
from gero.kit import GeroError, NotFound, settings
from gero.leaderboards import Leaderboard, LeaderboardPatch

router = page_router()
_EXACT = frozenset({"text", "number", "choice", "json"})
_SECTIONS = {"prompt": "prompt", "dataset": "dataset", "evaluation": "evaluation"}
_PUSHED = "pushed rows stay, so this dataset cannot become a Get dataset; create another leaderboard"
RETENTIONS = (("", "for good"), ("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "a year"))


@router.get("/leaderboards/{leaderboard_id}/edit/serving")
def serving(request: Request, visitor: Visiting, leaderboard_id: str) -> Response:
    """How the endpoint answers, and what is kept of requests."""
    board = _board(request, visitor, leaderboard_id)
    return _serving_page(request, visitor, board, _serving_form(board.stored))


@router.post("/leaderboards/{leaderboard_id}/edit/serving")
def save_serving(request: Request, visitor: Visiting, form: Form, leaderboard_id: str) -> Response:
    """Change it; inference follows within five seconds."""
    board = _board(request, visitor, leaderboard_id)
    inference = {
        "messages_prompt": form.text("messages_prompt", "apply"),
        "fallbacks": form.text("fallbacks") or 0,
        "hedge_after_ms": form.optional("hedge_after_ms"),
        "shadow": {"percent": form.text("percent") or 0, "model_id": form.optional("model_id")},
    }
    traces: dict[str, Any] = {
        "capture_content": form.flag("capture_content"),
        "redact": [line.strip() for line in form.text("redact").splitlines() if line.strip()],
    }
    try:
        traces["retention_days"] = form.integer("retention_days")
        wanted_now = validated(LeaderboardPatch, {"inference": inference, "traces": traces})
        api.change_leaderboard(request, visitor.principal, leaderboard_id, wanted_now)
    except (ValidationError, GeroError) as error:
        wrong = {name.rpartition(".")[2]: told for name, told in faults(error).items()}
        return _serving_page(request, visitor, board, form, wrong, status_of(error))
    return goes_to(request, address_of(board.stored, "serving"), "Saved. Inference follows within five seconds.")


@router.get("/leaderboards/{leaderboard_id}/edit/{step}")
def edit(request: Request, visitor: Visiting, leaderboard_id: str, step: str) -> Response:
    """A step of the wizard with what the leaderboard is now."""
    board = _board(request, visitor, leaderboard_id)
    return _step_page(request, visitor, board, _number(step), _draft(board.stored))


@router.post("/leaderboards/{leaderboard_id}/edit/{step}")
def save(request: Request, visitor: Visiting, form: Form, leaderboard_id: str, step: str) -> Response:
    """Change what the step describes."""
    board, number = _board(request, visitor, leaderboard_id), _number(step)
    draft = _draft(board.stored)
    draft.take(STEPS[number], form)
    if board.stored.dataset_type == "PUSH" and draft.form.text("dataset_type") != "PUSH":
        return _step_page(request, visitor, board, number, draft, {"dataset_type": _PUSHED}, 400)
    try:
        changed = wanted(draft, number + 1)
        known = {name for name in changed if name in _named(STEPS[number].fields)}
        fields = {name: changed[name] for name in known}
        api.change_leaderboard(request, visitor.principal, leaderboard_id, LeaderboardPatch.model_validate(fields))
    except (ValidationError, GeroError) as error:
        return _step_page(request, visitor, board, number, draft, told_faults(error), status_of(error))
    return goes_to(request, address_of(board.stored, _SECTIONS[step]), _told(step))


def _told(step: str) -> str:
    if step == "dataset":
        return "Saved."
    return "Saved. Production keeps what was evaluated until a run has evaluated the change."


def _board(request: Request, visitor: Visitor, leaderboard_id: str) -> Board:
    visitor.principal.require("leaderboards:write")
    return boards.find(request, visitor, leaderboard_id)


def _number(step: str) -> int:
    for number, one in enumerate(STEPS):
        if one.key == step and step in _SECTIONS:
            return number
    raise NotFound("there is nothing like that to change")


def _named(fields: tuple[str, ...]) -> set[str]:
    """The fields of a leaderboard that fields of a step belong to."""
    return {name.partition(".")[0] for name in fields}


def _draft(found: Leaderboard) -> Draft:
    """A leaderboard as what would have been typed to make it."""
    stored = found.model_dump(mode="json")
    parts = [("", stored), *((f"{name}.", stored[name]) for name in ("judge", "human", "guardrails", "field_mapping"))]
    flat = {f"{prefix}{name}": value for prefix, part in parts for name, value in part.items()}
    names = [name for step in STEPS for name in step.fields if name in flat and name != "normalizers"]
    typed = {name: [as_typed(flat[name])] for name in names}
    kinds = [name for name in found.normalizers if name in _EXACT]
    typed["reads"] = [kinds[0] if kinds else "text"]
    typed["normalizers"] = [one for one in found.normalizers if one in ("whitespace", "case", "punctuation")]
    typed["final_line"] = ["on" if "final_line" in found.normalizers else "off"]
    typed["judge.choice"] = ["named" if found.judge.model else "auto"]
    return Draft(found.id, typed)


def _step_page(
    request: Request,
    visitor: Visitor,
    board: Board,
    number: int,
    draft: Draft,
    wrong: Faults | None = None,
    status: int = 200,
) -> Response:
    step = STEPS[number]
    return boards.board_page(
        request,
        f"create/{step.key}.html",
        visitor,
        board,
        "detail",
        status=status,
        frame="edit_frame.html",
        step=step,
        form=draft.form,
        faults=wrong or {},
        check=None,
        mapped=MAPPED,
        unanswered=None,
        needed_rows=settings.min_pushed_rows(),
        plan=plan_of(visitor),
        **previewed(draft.form),
    )


def _serving_form(found: Leaderboard) -> Submitted:
    inference, traces = found.inference, found.traces
    return Submitted(
        {
            "messages_prompt": inference.messages_prompt,
            "fallbacks": str(inference.fallbacks),
            "hedge_after_ms": as_typed(inference.hedge_after_ms),
            "percent": f"{inference.shadow.percent:g}",
            "model_id": inference.shadow.model_id or "",
            "capture_content": "on" if traces.capture_content else "",
            "redact": "\n".join(traces.redact),
            "retention_days": as_typed(traces.retention_days),
        }
    )


def _serving_page(
    request: Request, visitor: Visitor, board: Board, form: Submitted, wrong: Faults | None = None, status: int = 200
) -> Response:
    models = leaderboards.candidates.listed(visitor.workspace_id, board.stored.id)
    return boards.board_page(
        request,
        "edit_serving.html",
        visitor,
        board,
        "detail",
        status=status,
        form=form,
        models=[("", "the next in the ranking"), *((one.id, one.name) for one in models)],
        retentions=RETENTIONS,
        faults=wrong or {},
    )
