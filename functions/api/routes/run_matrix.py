"""The matrix of a run: which model was right on which row, and each answer."""

from typing import Annotated

from fastapi import APIRouter, Query

from functions.api import run_matrix_views as views
from functions.api.caller import SCHEMES, Reader
from functions.api.run_matrix_views import CellDetailView, MatrixView
from gero import leaderboards, runs
from gero.runs import Show

router = APIRouter(prefix="/api/leaderboards/{leaderboard_id}/runs/{run_id}", tags=["runs"], dependencies=SCHEMES)

Rows = Annotated[int, Query(ge=1, le=100, description="How many rows to return")]
After = Annotated[str | None, Query(max_length=20, description="The `next` of the page before")]
ModelId = Annotated[str | None, Query(max_length=100, description="Only rows on which this model fails, or differs")]


@router.get("/matrix")
def read_matrix(
    caller: Reader,
    leaderboard_id: str,
    run_id: str,
    show: Show = "all",
    model_id: ModelId = None,
    limit: Rows = 25,
    after: After = None,
) -> MatrixView:
    """Rows by models: all, those on which a model failed, or those on which models differ. Also of an active run."""
    run = runs.get(caller.workspace_id, leaderboard_id, run_id)
    found = runs.matrix.matrix(
        run.workspace_id, leaderboard_id, run_id, show=show, model_id=model_id, limit=limit, after=after
    )
    return views.matrix(run_id, found)


@router.get("/matrix/{place}/{model_id}")
def read_cell(caller: Reader, leaderboard_id: str, run_id: str, place: str, model_id: str) -> CellDetailView:
    """What a model was asked and answered on a row, the verdict and why."""
    leaderboard = leaderboards.get(caller.workspace_id, leaderboard_id)
    runs.get(caller.workspace_id, leaderboard_id, run_id)
    found = runs.matrix.answered(caller.workspace_id, leaderboard_id, run_id, place, model_id)
    return views.cell(leaderboard, run_id, place, model_id, found)
