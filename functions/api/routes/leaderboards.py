"""Leaderboards: create, list, read, change, delete."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from functions.api import views
from functions.api.caller import SCHEMES, Limit, Offset, Reader, Writer
from functions.api.views import LeaderboardView
from gero import leaderboards, runs
from gero.kit import Conflict
from gero.leaderboards import Leaderboard, LeaderboardInput, LeaderboardPatch

router = APIRouter(prefix="/api/leaderboards", tags=["leaderboards"], dependencies=SCHEMES)
_PROMPT_SHOWN = 2000  # characters in a list: a page must fit into what Lambda can answer


class LeaderboardList(BaseModel):
    """A page of leaderboards, newest first."""

    leaderboards: list[LeaderboardView]
    count: int
    total: int
    limit: int
    offset: int


@router.get("")
def list_leaderboards(request: Request, caller: Reader, limit: Limit = 50, offset: Offset = 0) -> LeaderboardList:
    """The workspace's leaderboards, newest first. Long prompts are cut; read one leaderboard to see its whole."""
    found = list(leaderboards.listed(caller.workspace_id))
    page = [_view(_shortened(one), request) for one in found[offset : offset + limit]]
    return LeaderboardList(leaderboards=page, count=len(page), total=len(found), limit=limit, offset=offset)


@router.post("", status_code=201)
def create_leaderboard(request: Request, caller: Writer, wanted: LeaderboardInput) -> LeaderboardView:
    """Define a task, its dataset and its evaluation. Models are added next."""
    return _view(leaderboards.create(caller.workspace_id, wanted), request)


@router.get("/{leaderboard_id}")
def read_leaderboard(request: Request, caller: Reader, leaderboard_id: str) -> LeaderboardView:
    """One leaderboard."""
    return _view(leaderboards.get(caller.workspace_id, leaderboard_id), request)


@router.patch("/{leaderboard_id}")
def change_leaderboard(
    request: Request, caller: Writer, leaderboard_id: str, wanted: LeaderboardPatch
) -> LeaderboardView:
    """Change the fields that the body names; inside of `inference` and `traces`, too, only what it names.

    What a run evaluates is fixed when it starts. The inference endpoint follows within five seconds.
    """
    before = leaderboards.get(caller.workspace_id, leaderboard_id)
    selection = wanted.model_selection or before.model_selection
    chosen = selection != before.model_selection
    if chosen:
        leaderboards.candidates.check_pin(caller.workspace_id, leaderboard_id, selection.model_id)
    challenger = wanted.inference.shadow.model_id if wanted.inference else None
    if challenger != before.inference.shadow.model_id:  # one that is known may have left since
        leaderboards.candidates.check_challenger(caller.workspace_id, leaderboard_id, challenger)
    changed = leaderboards.patch(caller.workspace_id, leaderboard_id, wanted)
    if chosen:
        changed = leaderboards.production.select(changed, selection, by=caller.token_id)
    return _view(changed, request)


@router.delete("/{leaderboard_id}", status_code=204)
def delete_leaderboard(caller: Writer, leaderboard_id: str) -> Response:
    """Delete a leaderboard with its dataset, runs and traces. Refused while a run is active."""
    if runs.active_run_id(caller.workspace_id, leaderboard_id):
        raise Conflict("a run is active; cancel it before you delete the leaderboard", code="run_active")
    leaderboards.delete(caller.workspace_id, leaderboard_id)
    leaderboards.sweep(
        caller.workspace_id, leaderboard_id, seconds=10
    )  # what this call has no time for, the next tick does
    return Response(status_code=204)


def _shortened(found: Leaderboard) -> Leaderboard:
    if len(found.system_prompt) <= _PROMPT_SHOWN:
        return found
    return found.model_copy(update={"system_prompt": found.system_prompt[:_PROMPT_SHOWN] + " …"})


def _view(found: Leaderboard, request: Request) -> LeaderboardView:
    active = runs.active_run_id(found.workspace_id, found.id)
    return views.leaderboard(found, active, str(request.base_url).rstrip("/"))
