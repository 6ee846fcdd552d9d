"""Leaderboards: create, list, read, change, delete."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from functions.api import views
from functions.api.caller import SCHEMES, Limit, Offset, Reader, Writer
from functions.api.views import LeaderboardView
from gero import evaluation, leaderboards, runs
from gero.access import Principal
from gero.kit import Conflict
from gero.leaderboards import Leaderboard, LeaderboardInput, LeaderboardPatch, ModelSelection

router = APIRouter(prefix="/api/leaderboards", tags=["leaderboards"], dependencies=SCHEMES)


class LeaderboardList(BaseModel):
    """A page of leaderboards, newest first."""

    leaderboards: list[LeaderboardView]
    count: int
    total: int
    limit: int
    offset: int


@router.get("")
def list_leaderboards(request: Request, caller: Reader, limit: Limit = 50, offset: Offset = 0) -> LeaderboardList:
    """The workspace's leaderboards."""
    found = list(leaderboards.listed(caller.workspace_id))
    page = [_view(one, request) for one in found[offset : offset + limit]]
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
    """Change the fields that the body names. What a run evaluates is fixed when it starts."""
    selection = wanted.model_selection
    if selection is not None:
        leaderboards.candidates.check_pin(caller.workspace_id, leaderboard_id, selection.model_id)
    changed = leaderboards.patch(caller.workspace_id, leaderboard_id, wanted)
    if selection is not None:
        changed = _reselect(caller, changed, selection)
    return _view(changed, request)


@router.delete("/{leaderboard_id}", status_code=204)
def delete_leaderboard(caller: Writer, leaderboard_id: str) -> Response:
    """Delete a leaderboard with its dataset, runs and traces. Refused while a run is active."""
    if runs.active_run_id(caller.workspace_id, leaderboard_id):
        raise Conflict("a run is active; cancel it before you delete the leaderboard", code="run_active")
    leaderboards.delete(caller.workspace_id, leaderboard_id)
    return Response(status_code=204)


def _reselect(caller: Principal, leaderboard: Leaderboard, selection: ModelSelection) -> Leaderboard:
    if leaderboard.latest_run_id is None:
        return leaderboard  # takes effect with the first completed run
    run = runs.get(caller.workspace_id, leaderboard.id, leaderboard.latest_run_id)
    plan = evaluation.plan.load(run.workspace_id, run.leaderboard_id, run.id)
    present = {one.id for one in leaderboards.candidates.listed(caller.workspace_id, leaderboard.id)}
    ranked = [entry["candidate_id"] for entry in (run.ranking or {}).get("entries", [])]
    wanted = selection.model_id or next((one for one in ranked if one in present), None)
    return leaderboards.production.select(leaderboard, wanted, prompt=plan.prompt)


def _view(found: Leaderboard, request: Request) -> LeaderboardView:
    active = runs.active_run_id(found.workspace_id, found.id)
    return views.leaderboard(found, active, str(request.base_url).rstrip("/"))
