"""Runs: start, list, read, cancel."""

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel, Field

from functions.api import views
from functions.api.caller import SCHEMES, Limit, Offset, Reader, Runner
from functions.api.views import RunDetailView, RunView
from gero import leaderboards, runs
from gero.datasets import Algorithm
from gero.models import Input

router = APIRouter(prefix="/api/leaderboards/{leaderboard_id}", tags=["runs"], dependencies=SCHEMES)


class RunInput(Input):
    """How to run. Nothing of it is needed: then every row of the newest data is evaluated."""

    rows: int | None = Field(None, ge=1, le=1_000_000_000, description="Evaluate at most so many rows")
    algorithm: Algorithm = Field("RANDOM_SHUFFLE", description="Which rows, when there are more than `rows`")
    dataset_version: int | None = Field(None, ge=1, description="Evaluate this version of the dataset, as it is")


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
    wanted = wanted or RunInput()
    run = leaderboards.start_run(
        leaderboard,
        "manual",
        rows_limit=wanted.rows,
        algorithm=wanted.algorithm,
        dataset_version=wanted.dataset_version,
    )
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
