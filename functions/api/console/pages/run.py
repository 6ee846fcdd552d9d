"""A run's page: how far it is and what it waits for while it is active, what came of it when it has ended."""

from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import ValidationError

from functions.api import run_views
from functions.api.console import boards, run_progress
from functions.api.console.page_router import page_router
from functions.api.console.pages.run_logs import ended
from functions.api.console.rendering import goes_to, page
from functions.api.console.security import Form
from functions.api.console.submitted import Faults, faults, status_of
from functions.api.console.visitor import Visiting, Visitor
from functions.api.routes import run_bundle
from functions.api.routes import runs as api
from functions.api.run_input import ResumeInput
from gero import runs
from gero.kit import GeroError, NotFound
from gero.runs import Run

router = page_router()
PARTS = {"leaderboard": "Leaderboard configuration", "models": "Model configuration"}
Seen = Annotated[str, Query(max_length=20)]


@router.get("/leaderboards/{leaderboard_id}/runs/{run_id}")
def read_run(request: Request, visitor: Visiting, leaderboard_id: str, run_id: str) -> Response:
    """One run."""
    return _shown(request, visitor, leaderboard_id, run_id)


@router.get("/leaderboards/{leaderboard_id}/runs/{run_id}/live")
def live(request: Request, visitor: Visiting, leaderboard_id: str, run_id: str, seen: Seen = "") -> Response:
    """What changes while a run is active. When its status is not the one that was `seen`, the page is loaded anew."""
    visitor.principal.require("leaderboards:read")
    found = runs.get(visitor.workspace_id, leaderboard_id, run_id)
    response = page(request, "parts/run_live.html", visitor, **run_progress.told(found))
    if found.status != seen or not found.active:
        ended(response)
    return response


@router.get("/leaderboards/{leaderboard_id}/runs/{run_id}/configuration/{part}")
def configuration(request: Request, visitor: Visiting, leaderboard_id: str, run_id: str, part: str) -> Response:
    """What the leaderboard, or its models, were when the run was started: a page, or for htmx the text alone."""
    board = boards.find(request, visitor, leaderboard_id)
    found = runs.get(visitor.workspace_id, leaderboard_id, run_id)
    if part not in PARTS:
        raise NotFound("a run keeps the configuration of its leaderboard and of its models")
    told = {
        "run": run_views.run(found),
        "part": part,
        "title": PARTS[part],
        "document": runs.configuration(found)[part],
    }
    if "hx-request" in request.headers:
        return page(request, "parts/run_configuration.html", visitor, **told)
    return boards.board_page(request, "run_configuration.html", visitor, board, "runs", **told)


@router.post("/leaderboards/{leaderboard_id}/runs/{run_id}/cancel")
def cancel(request: Request, visitor: Visiting, form: Form, leaderboard_id: str, run_id: str) -> Response:
    """End an active run."""
    visitor.principal.require("leaderboards:run")
    api.cancel_run(visitor.principal, leaderboard_id, run_id)
    return goes_to(request, _address(leaderboard_id, run_id), "The run is cancelled. The leaderboard can run again.")


@router.post("/leaderboards/{leaderboard_id}/runs/{run_id}/resume")
def resume(request: Request, visitor: Visiting, form: Form, leaderboard_id: str, run_id: str) -> Response:
    """Let a paused run go on, with the limit that was typed; without one when the field was left empty."""
    visitor.principal.require("leaderboards:run")
    typed = form.digits("max_cost_usd")
    try:
        api.resume_run(
            visitor.principal, leaderboard_id, run_id, ResumeInput.model_validate({"max_cost_usd": typed or None})
        )
    except (ValidationError, GeroError) as error:
        wrong = faults(error)
        return _shown(request, visitor, leaderboard_id, run_id, status_of(error), wrong=wrong, limit=typed)
    return goes_to(request, _address(leaderboard_id, run_id), "The run goes on.")


@router.post("/leaderboards/{leaderboard_id}/runs/{run_id}/bundle")
def make_bundle(request: Request, visitor: Visiting, form: Form, leaderboard_id: str, run_id: str) -> Response:
    """Make the bundle of a run that has ended and download it.

    Not by a redirect: the policy of our pages lets no form end at another host, and the bundle lies at one.
    """
    board = boards.find(request, visitor, leaderboard_id)
    made = run_bundle.make_bundle(visitor.principal, leaderboard_id, run_id)
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": made.url})
    run = runs.get(visitor.workspace_id, leaderboard_id, run_id)
    return boards.board_page(request, "run_bundle.html", visitor, board, "runs", run=run, made=made)


def _shown(
    request: Request,
    visitor: Visitor,
    leaderboard_id: str,
    run_id: str,
    status: int = 200,
    wrong: Faults | None = None,
    limit: str | None = None,
) -> Response:
    board = boards.find(request, visitor, leaderboard_id)
    found = runs.get(visitor.workspace_id, leaderboard_id, run_id)
    return boards.board_page(
        request,
        "run.html",
        visitor,
        board,
        "runs",
        status=status,
        parts=PARTS,
        limit=_proposed(found) if limit is None else limit,
        faults=wrong or {},
        **run_progress.told(found),
    )


def _proposed(found: Run) -> Any:
    """A limit that lets the run go on: as much again."""
    usd = run_views.run(found).max_cost_usd if found.status == "paused" else None
    return "" if usd is None else f"{2 * usd:.10f}".rstrip("0").rstrip(".")


def _address(leaderboard_id: str, run_id: str) -> str:
    return f"/leaderboards/{leaderboard_id}/runs/{run_id}"
