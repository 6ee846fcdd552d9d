"""Paths that other functions serve, here for the OpenAPI document: the HTTP API never sends them to this one."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header
from fastapi.security import APIKeyHeader
from pydantic import BaseModel, ConfigDict, Field

from functions.api import inference_views
from functions.api.caller import SCHEMES
from functions.api.inference_views import (
    AskableList,
    AskableView,
    ChatAnswer,
    ChatInput,
    InferenceAnswer,
    InferenceInput,
)
from gero.kit import NotFound

router = APIRouter(tags=["runtime"], dependencies=SCHEMES)
PUSH_TOKEN = Depends(APIKeyHeader(name="X-Dr.Gero-Push-Token", auto_error=False, scheme_name="PushToken"))
_ELSEWHERE = "this deployment serves inference at its inference_url"


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


@router.post("/v1/leaderboard/{leaderboard_id}/inference", responses=inference_views.answers(openai=False))
def infer(leaderboard_id: str, asked: InferenceInput) -> InferenceAnswer:
    """Ask the production model. Needs `leaderboards:inference`.

    When it fails before the first word, the next in the ranking are asked. Call it at the leaderboard's
    `inference_url`: at the API's address a stream is held back until its end, and an answer may take 30 seconds.
    `/api/leaderboards/{id}/inference` is the same path.
    """
    raise NotFound(_ELSEWHERE)


@router.post("/v1/models/{model_id}/inference", responses=inference_views.answers(openai=False))
def infer_model(model_id: str, asked: InferenceInput) -> InferenceAnswer:
    """Ask the deployed version of a Dr.Gero model. Needs `leaderboards:inference`.

    `/api/models/{id}/inference` is the same path; its address is the model's `inference_url`.
    """
    raise NotFound(_ELSEWHERE)


@router.post("/v1/chat/completions", responses=inference_views.answers(openai=True))
def chat(asked: ChatInput) -> ChatAnswer:
    """The same for OpenAI's clients: `model` says which leaderboard or Dr.Gero model answers.

    Their base URL is what stands before `/leaderboard/` in an `inference_url`, their key an API token with
    `leaderboards:inference`.
    """
    raise NotFound(_ELSEWHERE)


@router.get("/v1/models", responses=inference_views.refusals(openai=True, only=(401, 403)))
def list_askable() -> AskableList:
    """What can be given as `model`. Needs `leaderboards:inference`."""
    raise NotFound(_ELSEWHERE)


@router.get("/v1/models/{model}", responses=inference_views.refusals(openai=True, only=(401, 403, 404, 409)))
def read_askable(model: str) -> AskableView:
    """One of them, by its id, its name or its slug. Needs `leaderboards:inference`."""
    raise NotFound(_ELSEWHERE)


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
