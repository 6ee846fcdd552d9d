"""Runs: forecast, start, list, read, resume, cancel."""

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel

from functions.api import run_views
from functions.api.caller import SCHEMES, Limit, Offset, Reader, Runner
from functions.api.routes import forecast
from functions.api.run_input import ResumeInput, RunInput
from functions.api.run_views import RunDetailView, RunView
from gero import leaderboards, runs

router = APIRouter(prefix="/api/leaderboards/{leaderboard_id}", tags=["runs"], dependencies=SCHEMES)
router.include_router(forecast.router)


class RunList(BaseModel):
    """A page of runs, newest first."""

    runs: list[RunView]
    count: int
    limit: int
    offset: int


@router.post("/run", status_code=202)
def start_run(caller: Runner, leaderboard_id: str, wanted: Annotated[RunInput | None, Body()] = None) -> RunDetailView:
    """Evaluate every model on the dataset. Needs two models; one run at a time."""
    caller.require_no_budget("starts no runs")
    leaderboard = leaderboards.get(caller.workspace_id, leaderboard_id)
    wanted = wanted or RunInput()
    return run_views.run_detail(leaderboards.start_run(leaderboard, "manual", **wanted.options()))


@router.get("/runs")
def list_runs(caller: Reader, leaderboard_id: str, limit: Limit = 50, offset: Offset = 0) -> RunList:
    """The leaderboard's run log. Read one run to see its ranking and its configuration."""
    leaderboards.get(caller.workspace_id, leaderboard_id)
    found = list(runs.listed(caller.workspace_id, leaderboard_id, limit, skip=offset))
    return RunList(runs=[run_views.run(one) for one in found], count=len(found), limit=limit, offset=offset)


@router.get("/runs/{run_id}")
def read_run(caller: Reader, leaderboard_id: str, run_id: str) -> RunDetailView:
    """One run: status, progress, cost, ranking, configuration."""
    return run_views.run_detail(runs.get(caller.workspace_id, leaderboard_id, run_id))


@router.post("/runs/{run_id}/resume")
def resume_run(
    caller: Runner, leaderboard_id: str, run_id: str, wanted: Annotated[ResumeInput | None, Body()] = None
) -> RunDetailView:
    """Let a paused run go on, with a higher limit of what it may spend in all, or none."""
    caller.require_no_budget("lets no run go on")
    run = runs.get(caller.workspace_id, leaderboard_id, run_id)
    wanted = wanted or ResumeInput()
    return run_views.run_detail(runs.resume(run, wanted.max_cost_nanos(run.max_cost_nanos)))


@router.post("/runs/{run_id}/cancel")
def cancel_run(caller: Runner, leaderboard_id: str, run_id: str) -> RunDetailView:
    """End an active run. What it scored stays in its traces; the leaderboard can run again at once."""
    return run_views.run_detail(runs.cancel(runs.get(caller.workspace_id, leaderboard_id, run_id)))
