"""Paths that other functions serve, here for the OpenAPI document: the HTTP API never sends them to this one."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header
from fastapi.security import APIKeyHeader
from pydantic import BaseModel, ConfigDict, Field

from functions.api.caller import SCHEMES
from gero.kit import NotFound

router = APIRouter(tags=["runtime"], dependencies=SCHEMES)
PUSH_TOKEN = Depends(APIKeyHeader(name="X-Dr.Gero-Push-Token", auto_error=False, scheme_name="PushToken"))


class InferenceInput(BaseModel):
    """A text for the leaderboard's prompt, or whole messages instead of it; other fields go to the model."""

    model_config = ConfigDict(extra="allow")
    input: str | None = Field(None, description="The input; `prompt`, `question` and `query` are names for it as well")
    messages: list[dict[str, Any]] | None = Field(
        None, description="Sent as they are: the leaderboard's prompt is left out"
    )
    temperature: float | None = None
    max_tokens: int | None = None


class InferenceAnswer(BaseModel):
    """An OpenAI chat completion with what Gero knows of it."""

    id: str
    object: str
    created: int
    model: str
    choices: list[dict[str, Any]]
    usage: dict[str, int]
    output: str
    leaderboard_id: str | None
    model_id: str
    trace_id: str
    cost_usd: float
    latency_ms: float


class PushedRow(BaseModel):
    """A row: an input (`prompt`, `question` and `query` are names for it as well), or `messages`, and what is right
    (`output`, `response`, `completion` and `answer` are names for it as well).
    """

    model_config = ConfigDict(extra="allow")
    input: str | None = None
    messages: list[dict[str, Any]] | None = None
    expected: str | list[str] | None = None
    id: str | None = Field(None, description="`example_id` and `trace_id` are names for it as well")
    rubric: str | None = None
    metadata: dict[str, Any] | None = None
    tags: list[str] | None = None


class RowsInput(BaseModel):
    """Rows; `events` and `samples` are names for them as well."""

    rows: list[PushedRow]


class EventsInput(BaseModel):
    """Rows under another name."""

    events: list[PushedRow]


class SamplesInput(BaseModel):
    """Rows under another name."""

    samples: list[PushedRow]


PushInput = RowsInput | EventsInput | SamplesInput | list[PushedRow] | PushedRow


class Rejection(BaseModel):
    """Why a row was not taken."""

    index: int
    error: str
    code: str
    field: str | None


class PushAnswer(BaseModel):
    """What became of the rows. Accepted means durable."""

    accepted_rows: int
    rejected_rows: int
    rejections: list[Rejection]
    duplicate_rows: int
    status: str
    batch_id: str
    pending_events: int
    limits: dict[str, Any]
    consolidation: dict[str, Any]


@router.post("/v1/leaderboard/{leaderboard_id}/inference")
def infer(leaderboard_id: str, asked: InferenceInput) -> InferenceAnswer:
    """Ask the production model. Needs `leaderboards:inference`; 409 before a run was completed."""
    raise NotFound("this deployment serves inference at its inference_url")


@router.post("/v1/models/{model_id}/inference")
def infer_model(model_id: str, asked: InferenceInput) -> InferenceAnswer:
    """Ask the deployed version of a Dr.Gero model. Needs `leaderboards:inference`; 409 while none is deployed."""
    raise NotFound("this deployment serves inference at its inference_url")


@router.post("/v1/leaderboard/{leaderboard_id}/dataset/push", status_code=202, dependencies=[PUSH_TOKEN])
def push(
    leaderboard_id: str,
    pushed: PushInput,
    idempotency_key: Annotated[str | None, Header(alias="Idempotency-Key", max_length=255)] = None,
) -> PushAnswer:
    """Add rows to a PUSH dataset, at most 500 a request. Safe to repeat.

    Needs a push token of the leaderboard (`X-Dr.Gero-Push-Token: hpd_…`, or Bearer), or `leaderboards:write`. Rows are
    refused one by one, with the reason; beyond a limit of the dataset the answer is 202 all the same. An
    `Idempotency-Key` makes a repeated request the same one even when the dataset does not drop duplicates.
    """
    raise NotFound("this deployment takes rows through its HTTP API")
