"""How production answers, and what is kept of it: the leaderboard's settings of its endpoint and of its traces."""

from typing import Literal, TypeVar

from pydantic import BaseModel, Field, field_validator

from gero import traces
from gero.kit import Invalid
from gero.models import Input
from gero.providers.serving import ServingSettings

CHALLENGER = "inference.shadow.model_id"  # as a client names it
Parts = TypeVar("Parts", bound=BaseModel)


class ShadowSettings(Input):
    """A challenger that is asked a share of the live requests too, after they were answered."""

    percent: float = Field(0, ge=0, le=100, description="The share of requests, in percent; 0 is none")
    model_id: str | None = Field(None, max_length=64, description="The challenger; null is the next in the ranking")


class InferenceSettings(Input):
    """How the inference endpoint answers."""

    messages_prompt: Literal["apply", "bypass"] = Field(
        "apply", description="apply: the prompt is put in front of `messages` too, as it was evaluated; bypass: not"
    )
    fallbacks: int = Field(
        2, ge=0, le=9, description="How many others are asked when it fails, in order of the ranking"
    )
    hedge_after_ms: int | None = Field(
        None, ge=50, le=60_000, description="Ask the next in the ranking as well when no answer came by then"
    )
    shadow: ShadowSettings = ShadowSettings()


class TraceSettings(Input):
    """What is kept of requests. Rows of the dataset, and what runs answered to them, are kept whole."""

    capture_content: bool = Field(True, description="Keep what was asked and answered, beside the figures")
    redact: list[str] = Field(
        default_factory=list,
        max_length=20,
        description="What is removed from it: email, phone, card, iban, ip, secret, or a regular expression",
    )
    retention_days: Literal[7, 30, 90, 365] | None = Field(None, description="How long; null is for good")

    @field_validator("redact")
    @classmethod
    def _can_be_found(cls, patterns: list[str]) -> list[str]:
        try:
            traces.check_redaction(patterns)
        except Invalid as error:
            raise ValueError(error.message) from error
        return patterns


class GivenTraceSettings(TraceSettings):
    """The same as somebody sets it: a slip in a built-in name is refused, where what is stored is taken as it is."""

    @field_validator("redact")
    @classmethod
    def _is_spelled(cls, patterns: list[str]) -> list[str]:
        try:
            traces.check_spelling(patterns)
        except Invalid as error:
            raise ValueError(error.message) from error
        return patterns


def merged(current: Parts, wanted: Parts) -> Parts:
    """`current` with what `wanted` names, inside its parts too; a list is replaced whole."""
    changes = {}
    for name in wanted.model_fields_set:
        value = getattr(wanted, name)
        changes[name] = merged(getattr(current, name), value) if isinstance(value, BaseModel) else value
    return current.model_copy(update=changes)


def serving_settings(inference: InferenceSettings, tracing: TraceSettings) -> ServingSettings:
    """The same for the inference endpoint."""
    return ServingSettings(
        messages_prompt=inference.messages_prompt,
        fallbacks=inference.fallbacks,
        hedge_after_ms=inference.hedge_after_ms,
        shadow_percent=inference.shadow.percent,
        shadow_model_id=inference.shadow.model_id,
        capture_content=tracing.capture_content,
        redact=tuple(tracing.redact),
        retention_days=tracing.retention_days,
    )
