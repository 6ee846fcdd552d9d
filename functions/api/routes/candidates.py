"""The candidate models of a leaderboard."""

from fastapi import APIRouter, Response
from pydantic import BaseModel

from functions.api.caller import SCHEMES, Reader, Writer
from functions.api.views import ModelView
from gero import leaderboards, runs
from gero.access import Principal
from gero.kit import Conflict
from gero.leaderboards import Candidate, CandidateInput, candidates

router = APIRouter(prefix="/api/leaderboards/{leaderboard_id}/models", tags=["models"], dependencies=SCHEMES)


class ModelList(BaseModel):
    """All models of a leaderboard, in the order they were added."""

    models: list[ModelView]
    count: int


@router.get("")
def list_models(caller: Reader, leaderboard_id: str) -> ModelList:
    """The leaderboard's models; secrets are never shown."""
    leaderboards.get(caller.workspace_id, leaderboard_id)
    found = [_view(caller, one) for one in candidates.listed(caller.workspace_id, leaderboard_id)]
    return ModelList(models=found, count=len(found))


@router.post("", status_code=201)
def add_model(caller: Writer, leaderboard_id: str, wanted: CandidateInput) -> ModelView:
    """Add a model: of OpenRouter, of Hugging Face, of the Models area, or any that answers over HTTP in the format of
    OpenAI chat completions, other JSON, or text.
    """
    leaderboards.check_enough_rows(leaderboards.get(caller.workspace_id, leaderboard_id))
    return _view(caller, candidates.add(caller.workspace_id, leaderboard_id, wanted))


@router.delete("/{model_id}", status_code=204)
def remove_model(caller: Writer, leaderboard_id: str, model_id: str) -> Response:
    """Take a model off. Refused while a run is active, or while it serves production."""
    leaderboard = leaderboards.get(caller.workspace_id, leaderboard_id)
    if runs.active_run_id(caller.workspace_id, leaderboard_id):
        raise Conflict("a run is active; wait for it or cancel it before you remove a model", code="run_active")
    leaderboards.production.check_removable(leaderboard, model_id)
    candidates.remove(caller.workspace_id, leaderboard_id, model_id)
    return Response(status_code=204)


def _view(caller: Principal, candidate: Candidate) -> ModelView:
    return ModelView.model_validate(candidates.shown(caller.workspace_id, candidate))
