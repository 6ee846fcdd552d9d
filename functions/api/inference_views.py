"""What the inference endpoints take and tell, for the OpenAPI document: another function serves them."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

Responses = dict[int | str, dict[str, Any]]


class _Asked(BaseModel):
    """What both kinds of requests have in common."""

    model_config = ConfigDict(extra="allow")
    apply_prompt: bool | None = Field(
        None,
        description="Of `messages`: whether the leaderboard's prompt is put in front of them, as it was evaluated. "
        "Left out, as the leaderboard says (`inference.messages_prompt`)",
    )
    stream: bool = Field(False, description="Answer with server-sent events as the model speaks")
    stream_options: dict[str, Any] | None = Field(
        None, description='`{"include_usage": true}`: a last chunk with usage'
    )
    temperature: float | None = None
    max_tokens: int | None = Field(
        None, description="`max_completion_tokens` as well. What a budget sets aside for the answer follows from it"
    )
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None


class InferenceInput(_Asked):
    """A text for the leaderboard's prompt, or whole messages; other fields go to the model as they are.

    Never forwarded, since they would change what was evaluated: `model`, `models`, `route`, `provider`, `preset`,
    `transforms`, `plugins`.
    """

    input: str | None = Field(
        None, description="The input; `prompt`, `question` and `query` are names for it as well. Wins over `messages`"
    )
    messages: list[dict[str, Any]] | None = Field(None, description="Images and earlier tool calls are passed on")


class ChatInput(_Asked):
    """A request as OpenAI's clients send it; other fields go to the model as they are."""

    model: str = Field(description="The id, the name or the slug of a leaderboard, or of a deployed Dr.Gero model")
    messages: list[dict[str, Any]] = Field(description="Images and earlier tool calls are passed on")


class ChatAnswer(BaseModel):
    """An OpenAI chat completion: the model's own document where it speaks so."""

    model_config = ConfigDict(extra="allow")
    id: str
    object: str
    created: int
    model: str
    choices: list[dict[str, Any]]
    usage: dict[str, Any]


class InferenceAnswer(ChatAnswer):
    """An OpenAI chat completion with what Gero knows of it."""

    output: str = Field(description="The text of the answer")
    leaderboard_id: str | None
    model_id: str = Field(description="The candidate, or the Dr.Gero model, that answered")
    trace_id: str
    cost_usd: float
    latency_ms: float
    fallback: bool = Field(description="Whether another model of the ranking answered for the one in production")


class AskableView(BaseModel):
    """A leaderboard that something answers for, or a deployed Dr.Gero model, as OpenAI describes models."""

    id: str = Field(description="What to give as `model`: the slug of its name, or its id where several are called so")
    object: str
    created: int
    owned_by: str
    name: str
    kind: str = Field(description="leaderboard or model")
    gero_id: str


class AskableList(BaseModel):
    """All that can be asked, in order of names."""

    object: str
    data: list[AskableView]


class OpenAIFault(BaseModel):
    """What went wrong."""

    message: str
    type: str
    param: str | None
    code: str


class OpenAIErrorView(BaseModel):
    """An error as OpenAI's clients know it."""

    error: OpenAIFault


def _headers(told: Mapping[str, str]) -> dict[str, Any]:
    return {name: {"description": text, "schema": {"type": "string"}} for name, text in told.items()}


_ANSWERED: Final = _headers(
    {
        "X-Dr.Gero-Trace-Id": "The id of its trace",
        "X-Dr.Gero-Model-Id": "Who answered, or was to",
        "X-Dr.Gero-Model-Name": "Its name, in ASCII",
        "X-Dr.Gero-Fallback": "Only when it stood in for production's model: why, such as `model_call_failed (503)`, "
        "`circuit open` or `hedged`",
        "X-Dr.Gero-Prompt": "Of `messages`: `applied` or `bypassed`",
    }
)
_BUDGET: Final = _headers(
    {
        "X-Dr.Gero-Token-Budget-Limit-Usd": "Only of a token with a budget, like those below. `unlimited` once it is "
        "taken away",
        "X-Dr.Gero-Token-Budget-Remaining-Usd": "Left, this answer counted; in a stream, its worst case counted",
        "X-Dr.Gero-Token-Budget-Used-Usd": "Used in this period",
        "X-Dr.Gero-Token-Budget-Reset-At": "When the next period begins, if one does: ISO 8601, UTC",
    }
)
_RETRY: Final = _headers({"Retry-After": "Seconds to wait, where they are known"})
_EVENTS: Final = {
    "text/event-stream": {
        "schema": {"type": "string"},
        "example": 'data: {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "ship"}}]}'
        "\n\ndata: [DONE]\n\n",
    }
}
_WHY: Final = {
    400: "The request cannot be carried out as written, or the model did not accept it",
    401: "No token, or one that is unknown, revoked or expired",
    402: "What it may cost at worst is more than is left of the token's budget: `budget_exhausted`, or "
    "`budget_reserved` while requests in flight hold the rest",
    403: "The token lacks `leaderboards:inference`",
    404: "No such leaderboard or model in this workspace",
    409: "Nothing answers yet (`no_ranking`, `model_not_deployed`), or several are called so (`ambiguous`)",
    413: "Larger than 5 MB",
    429: "The model's server was asked too often, and so were its fallbacks",
    502: 'The model failed, and so did its fallbacks. After a stream has begun: an event `{"error": …}` that ends it',
    503: "The model's server is starting; try again",
}
_TOLD: Final[dict[int, dict[str, Any]]] = {
    402: _BUDGET | _RETRY,
    429: _ANSWERED | _BUDGET | _RETRY,
    502: _ANSWERED | _BUDGET,
    503: _ANSWERED | _BUDGET | _RETRY,
}
# The name of the one that functions.api.app defines, which imports this.
_ERROR: Final = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorView"}}}}


def refusals(*, openai: bool, only: tuple[int, ...] = tuple(_WHY)) -> Responses:
    """What else may be answered, in Gero's words or OpenAI's."""
    shape: dict[str, Any] = {"model": OpenAIErrorView} if openai else _ERROR
    return {status: {"description": _WHY[status], "headers": _TOLD.get(status, {}), **shape} for status in only}


def answers(*, openai: bool) -> Responses:
    """All responses of a path that asks a model: whole, as it comes, or refused."""
    told = "The answer. With `stream`, chunks as server-sent events that end with `data: [DONE]`"
    answer = {"description": told, "headers": _ANSWERED | _BUDGET, "content": _EVENTS}
    return {200: answer, **refusals(openai=openai)}
