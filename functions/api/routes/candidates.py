"""The candidate models of a leaderboard."""

from typing import Annotated

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, Field

from functions.api.caller import SCHEMES, Reader, Writer
from functions.api.views import ModelView
from gero import leaderboards, runs
from gero.access import Principal
from gero.kit import Conflict, money
from gero.leaderboards import Candidate, CandidateInput, TrialCall, candidates
from gero.models import Input

router = APIRouter(prefix="/api/leaderboards/{leaderboard_id}/models", tags=["models"], dependencies=SCHEMES)
_SHOWN_CHARACTERS = 100_000  # Lambda answers at most 6 MB
_TOLD = ("finish_reason", "tokens_in", "tokens_out", "usage_estimated", "model", "provider")


class ModelList(BaseModel):
    """All models of a leaderboard, in the order they were added."""

    models: list[ModelView]
    count: int


class TextInput(Input):
    """What to ask."""

    input: str | None = Field(None, min_length=1, max_length=100_000, description="Left out: the dataset's first row")


class TrialInput(CandidateInput, TextInput):
    """A model as it would be added, and what to ask it."""


class TrialView(BaseModel):
    """What came of one call; with `ok` false, `error` says what is the matter and `hint` what to do."""

    ok: bool
    input: str
    output: str | None = None
    finish_reason: str | None = None
    latency_ms: float | None = None
    cost_usd: float | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    usage_estimated: bool | None = None
    model: str | None = None
    provider: str | None = None
    error: str | None = None
    code: str | None = None
    hint: str | None = None


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


@router.post("/test")
def try_model(caller: Writer, leaderboard_id: str, wanted: TrialInput) -> TrialView:
    """Ask a model once, before it is added: its answer, latency, cost and usage, or what is the matter with it."""
    caller.require_no_budget("makes no test calls")
    leaderboard = leaderboards.get(caller.workspace_id, leaderboard_id)
    _check_may_see(caller, wanted.input)
    described = CandidateInput.model_validate(wanted.model_dump(exclude={"input"}, exclude_unset=True))
    return _tried(leaderboards.try_out(leaderboard, candidates.made(caller.workspace_id, described), wanted.input))


@router.post("/{model_id}/test")
def try_added_model(
    caller: Writer, leaderboard_id: str, model_id: str, wanted: Annotated[TextInput | None, Body()] = None
) -> TrialView:
    """Ask a model of the leaderboard once, as a run would."""
    caller.require_no_budget("makes no test calls")
    leaderboard = leaderboards.get(caller.workspace_id, leaderboard_id)
    candidate = candidates.get(caller.workspace_id, leaderboard_id, model_id)
    text = wanted.input if wanted else None
    _check_may_see(caller, text)
    return _tried(leaderboards.try_out(leaderboard, candidate, text))


@router.delete("/{model_id}", status_code=204)
def remove_model(caller: Writer, leaderboard_id: str, model_id: str) -> Response:
    """Take a model off. Refused while a run is active, or while it serves production."""
    leaderboard = leaderboards.get(caller.workspace_id, leaderboard_id)
    if runs.active_run_id(caller.workspace_id, leaderboard_id):
        raise Conflict("a run is active; wait for it or cancel it before you remove a model", code="run_active")
    leaderboards.production.check_removable(leaderboard, model_id)
    candidates.remove(caller.workspace_id, leaderboard_id, model_id)
    return Response(status_code=204)


def _check_may_see(caller: Principal, text: str | None) -> None:
    """Without a text, a row of the dataset is asked and shown."""
    if text is None:
        caller.require("leaderboards:read")


def _tried(call: TrialCall) -> TrialView:
    if call.failure:
        failure = call.failure
        return TrialView(ok=False, input=call.input, error=failure.message, code=failure.code, hint=failure.hint)
    assert call.answer is not None
    told = {name: getattr(call.answer, name) for name in _TOLD}
    told |= {
        "output": call.answer.text[:_SHOWN_CHARACTERS],
        "latency_ms": round(call.answer.latency_ms, 2),
        "cost_usd": money.to_usd(call.answer.cost_nanos),
    }
    return TrialView(ok=True, input=call.input, **told)


def _view(caller: Principal, candidate: Candidate) -> ModelView:
    return ModelView.model_validate(candidates.shown(caller.workspace_id, candidate))
