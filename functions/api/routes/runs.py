"""Runs: start, list, read, cancel."""

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from functions.api import views
from functions.api.caller import SCHEMES, Limit, Offset, Reader, Runner
from functions.api.views import RunDetailView, RunView
from gero import leaderboards, runs

router = APIRouter(prefix="/api/leaderboards/{leaderboard_id}", tags=["runs"], dependencies=SCHEMES)


class RunInput(BaseModel):
    """How to run. `rows`: evaluate at most so many rows, a random sample."""

    model_config = ConfigDict(extra="forbid")
    rows: int | None = Field(None, ge=1)


class RunList(BaseModel):
    """A page of runs, newest first."""

    runs: list[RunView]
    count: int
    limit: int
    offset: int


@router.post("/run", status_code=202)
def start_run(caller: Runner, leaderboard_id: str, wanted: Annotated[RunInput | None, Body()] = None) -> RunDetailView:
    """Evaluate every model on the dataset. Needs two models; one run at a time."""
    leaderboard = leaderboards.get(caller.workspace_id, leaderboard_id)
    run = leaderboards.start_run(leaderboard, "manual", wanted.rows if wanted else None)
    return views.run_detail(run)


@router.get("/runs")
def list_runs(caller: Reader, leaderboard_id: str, limit: Limit = 50, offset: Offset = 0) -> RunList:
    """The leaderboard's run log. Read one run to see its configuration."""
    leaderboards.get(caller.workspace_id, leaderboard_id)
    found = list(runs.listed(caller.workspace_id, leaderboard_id, limit + offset))[offset:]
    return RunList(runs=[views.run(one) for one in found], count=len(found), limit=limit, offset=offset)


@router.get("/runs/{run_id}")
def read_run(caller: Reader, leaderboard_id: str, run_id: str) -> RunDetailView:
    """One run: status, progress, cost, ranking, configuration."""
    return views.run_detail(runs.get(caller.workspace_id, leaderboard_id, run_id))


@router.post("/runs/{run_id}/cancel")
def cancel_run(caller: Runner, leaderboard_id: str, run_id: str) -> RunDetailView:
    """End an active run. What it scored stays in its traces; the leaderboard can run again at once."""
    return views.run_detail(runs.cancel(runs.get(caller.workspace_id, leaderboard_id, run_id)))
