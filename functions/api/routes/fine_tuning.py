"""Fine-tuning of Dr.Gero models: start, look, cancel. Training runs on the server of the model's base."""

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel

from functions.api import model_views as views
from functions.api.caller import SCHEMES, FineTuner, Limit, ModelReader, Offset
from functions.api.model_views import FineTuneRunView
from gero import leaderboards, models
from gero.kit import Invalid
from gero.models import FineTuneInput, fine_tuning

router = APIRouter(prefix="/api/models/{model_id}/fine-tune", tags=["fine-tuning"], dependencies=SCHEMES)


class FineTuneRunList(BaseModel):
    """A page of fine-tuning runs, newest first."""

    runs: list[FineTuneRunView]
    count: int
    limit: int
    offset: int


class SyncedList(BaseModel):
    """The runs that were open, as they are now."""

    runs: list[FineTuneRunView]
    count: int


@router.post("/run", status_code=202)
def start_fine_tuning(
    caller: FineTuner, model_id: str, wanted: Annotated[FineTuneInput | None, Body()] = None
) -> FineTuneRunView:
    """Send a leaderboard's rows to the base's server and train on them; costs are the server's.

    Also needs the scope leaderboards:read. One run of a model at a time. Rows that are held out, and only those, say
    something about the model that comes of it: runs of a leaderboard leave the others out.
    """
    caller.require("leaderboards:read")
    caller.require_no_budget("starts no training")
    model, wanted = models.get(caller.workspace_id, model_id), wanted or FineTuneInput()
    leaderboard_id = wanted.leaderboard_id or next(iter(model.leaderboard_ids), None)
    if leaderboard_id is None:
        raise Invalid("leaderboard_id: name the leaderboard whose rows to train on", field="leaderboard_id")
    board = leaderboards.get(caller.workspace_id, leaderboard_id)
    run = fine_tuning.start(model, wanted, leaderboard_id=board.id, prompt=board.system_prompt)
    return views.fine_tune_run(run)


@router.get("/runs")
def list_fine_tuning_runs(caller: ModelReader, model_id: str, limit: Limit = 50, offset: Offset = 0) -> FineTuneRunList:
    """The model's runs as they were when they were last looked at, newest first."""
    models.get(caller.workspace_id, model_id)
    found = list(fine_tuning.listed(caller.workspace_id, model_id, limit + offset))[offset:]
    shown = [views.fine_tune_run(one) for one in found]
    return FineTuneRunList(runs=shown, count=len(shown), limit=limit, offset=offset)


@router.get("/runs/{run_id}")
def read_fine_tuning_run(caller: ModelReader, model_id: str, run_id: str) -> FineTuneRunView:
    """One run as it was when it was last looked at; open ones are looked at every five minutes."""
    return views.fine_tune_run(fine_tuning.get(caller.workspace_id, model_id, run_id))


@router.post("/runs/{run_id}/sync")
def sync_fine_tuning_run(caller: FineTuner, model_id: str, run_id: str) -> FineTuneRunView:
    """Ask the server how a run is doing. When it succeeded, its version is published."""
    return views.fine_tune_run(fine_tuning.sync(caller.workspace_id, model_id, run_id))


@router.post("/sync")
def sync_fine_tuning(caller: FineTuner, model_id: str) -> SyncedList:
    """Ask the server how the open runs are doing."""
    synced = [views.fine_tune_run(one) for one in fine_tuning.sync_open(caller.workspace_id, model_id)]
    return SyncedList(runs=synced, count=len(synced))


@router.post("/runs/{run_id}/cancel")
def cancel_fine_tuning_run(caller: FineTuner, model_id: str, run_id: str) -> FineTuneRunView:
    """End an open run and its job."""
    return views.fine_tune_run(fine_tuning.cancel(caller.workspace_id, model_id, run_id))
