"""What clients send of traces: ones that they record, and feedback on others."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Self

import msgspec
from pydantic import BeforeValidator, Field, StringConstraints, ValidationError, field_validator, model_validator

from gero.access import Principal
from gero.datasets import Rejection
from gero.kit import Invalid, clock, money
from gero.models import Input
from gero.traces import SCORE_SCALE, Feedback, Trace, manual

MAX_TRACES = 500  # of a request
_MAX_TEXT = 1_000_000
_MAX_DEPTH = 50
_SOON = timedelta(minutes=5)  # clocks differ
_THUMBS = {"up": 1.0, "down": 0.0, True: 1.0, False: 0.0}

Text = Annotated[str, StringConstraints(min_length=1, max_length=_MAX_TEXT)]
Answers = Annotated[
    list[Text],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    Field(min_length=1, max_length=100),
]
TraceId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class ManualTrace(Input):
    """Something that was asked and answered elsewhere. With an `id` it is recorded once, however often it is sent."""

    id: TraceId | None = None
    input: Text | None = None
    messages: list[dict[str, Any]] | None = Field(None, min_length=1, max_length=2000)
    output: Annotated[str, StringConstraints(max_length=_MAX_TEXT)] | None = None
    model: Name | None = None
    model_id: Name | None = None
    provider: Name | None = None
    expected: Answers | None = None
    score: float | None = Field(None, ge=0, le=1, allow_inf_nan=False)
    reason: Annotated[str, StringConstraints(max_length=10_000)] | None = None
    error: Annotated[str, StringConstraints(max_length=10_000)] | None = None
    latency_ms: float | None = Field(None, ge=0, le=86_400_000, allow_inf_nan=False)
    tokens_in: int = Field(0, ge=0, le=1_000_000_000)
    tokens_out: int = Field(0, ge=0, le=1_000_000_000)
    cost_usd: float = Field(0, ge=0, le=1_000_000, allow_inf_nan=False)
    finish_reason: Name | None = None
    parameters: dict[str, Any] | None = None
    tool_calls: list[Any] | None = None
    metadata: dict[str, Any] | None = None
    created_at: datetime | None = None

    @field_validator("created_at")
    @classmethod
    def _has_been(cls, moment: datetime | None) -> datetime | None:
        if moment is None:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=clock.now().tzinfo)
        if moment.year < 2000 or moment > clock.now() + _SOON:
            raise ValueError("must be since 2000, and not in the future")
        return moment

    @field_validator("messages", "parameters", "tool_calls", "metadata")
    @classmethod
    def _can_be_stored(cls, value: Any) -> Any:
        if _depth(value) > _MAX_DEPTH:
            raise ValueError(f"more than {_MAX_DEPTH} objects or lists inside each other")
        try:
            if len(msgspec.json.encode(value)) > _MAX_TEXT:
                raise ValueError(f"longer than {_MAX_TEXT:,} bytes")
        except UnicodeEncodeError as error:
            raise ValueError("holds half of a surrogate pair, which is no character") from error
        return value

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.input is None and self.messages is None:
            raise ValueError("input: give input or messages")
        if not all("role" in one for one in self.messages or []):
            raise ValueError("messages: must be a list of {role, content}")
        return self

    def trace(self, caller: Principal) -> Trace:
        """The trace to store."""
        created_at = clock.iso(self.created_at)
        plain = self.model_dump(exclude={"id", "score", "cost_usd", "created_at", "input"}, exclude_none=True)
        return Trace(
            trace_id=self.id or manual.own_id(created_at),
            source="manual",
            created_at=created_at,
            input=self.input if self.input is not None else _last_text(self.messages or []),
            score=None if self.score is None else round(self.score * SCORE_SCALE),
            cost_nanos=money.to_nanos(self.cost_usd),
            token_id=caller.token_id,
            **plain,
        )


class FeedbackInput(Input):
    """What somebody says of a trace: at least one of score, comment and corrected."""

    score: Annotated[
        Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None,
        BeforeValidator(lambda value: _thumb(value)),
        Field(description='0 to 1, or true and false, or "up" and "down"'),
    ] = None
    comment: Annotated[str, StringConstraints(min_length=1, max_length=10_000)] | None = None
    corrected: Answers | None = Field(None, description="The right answer, or all that are right")
    expected: Answers | None = Field(None, description="The same as corrected")
    add_to_dataset: bool | None = Field(
        None, description="Make it a row of the dataset; left out: when corrected is given and the dataset takes rows"
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.corrected and self.expected:
            raise ValueError("expected: it is the same as corrected; give one")
        if self.score is None and self.comment is None and not self.answers:
            raise ValueError("score: give a score, a comment or corrected")
        if self.add_to_dataset and not self.answers and self.score != 1:
            raise ValueError("corrected: give the right answer, since only a trace with score 1 has it itself")
        return self

    @property
    def answers(self) -> list[str] | None:
        """The right answers."""
        return self.corrected or self.expected

    def feedback(self, caller: Principal) -> Feedback:
        """The feedback to store."""
        return Feedback(score=self.score, comment=self.comment, corrected=self.answers, token_id=caller.token_id)


Documents = Annotated[
    dict[str, Any], Field(description=f'A trace, or {{"traces": […]}} with up to {MAX_TRACES} of them')
]


def read(body: dict[str, Any], caller: Principal) -> tuple[list[tuple[int, Trace, bool]], list[Rejection], int]:
    """The traces of a body: their places, and whether the client chose their ids; why others are none; the count.

    Invalid when the body is a single trace that is none, or no list of traces.
    """
    single = "traces" not in body
    documents = [body] if single else body["traces"]
    if not isinstance(documents, list) or not 0 < len(documents) <= MAX_TRACES:
        raise Invalid(f"traces: must be a list of 1 to {MAX_TRACES} traces", field="traces")
    if not single and len(body) > 1:
        other = next(name for name in body if name != "traces")
        raise Invalid(f"{other}: this field is unknown beside traces", field=other)
    found, rejections = [], []
    for index, document in enumerate(documents):
        try:
            one = ManualTrace.model_validate(document)
            found.append((index, one.trace(caller), one.id is not None))
        except ValidationError as error:
            field, told = _fault(error.errors(include_url=False, include_input=False))
            if single:
                raise Invalid(told, field=field) from error
            rejections.append(Rejection(index, told, "invalid_request", field))
    return found, rejections, len(documents)


def _fault(errors: Sequence[Any]) -> tuple[str | None, str]:
    first = errors[0]
    place = ".".join(str(part) for part in first["loc"])
    told = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        told = "this field is unknown"
    if place:
        return place, f"{place}: {told}"
    field, colon, _ = told.partition(": ")
    return (field, told) if colon else (None, "a trace must be a JSON object")


def _thumb(value: Any) -> Any:
    known = value.strip().casefold() if isinstance(value, str) else value
    return _THUMBS.get(known, value) if isinstance(known, str | bool) else value


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level and depth <= _MAX_DEPTH:
        insides = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [one for inside in insides for one in inside]
        depth += bool(insides)
    return depth


def _last_text(messages: list[dict[str, Any]]) -> str:
    """The text of the latest message that has one: what is shown as the question."""
    for message in reversed(messages):
        content = message.get("content")
        if isinstance(content, list):
            texts = [part.get("text") for part in content if isinstance(part, dict)]
            content = "\n".join(text for text in texts if isinstance(text, str))
        if isinstance(content, str) and content:
            return content
    return ""
