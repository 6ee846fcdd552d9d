"""How a request travels from the inference endpoint to its challenger: one queue message, sent after the answer."""

from typing import Any, Final

import msgspec

from gero.providers.serving import Serving
from gero.providers.target import Target

MAX_BYTES: Final = 900_000
"""Of a message; what is larger is not shadowed. SQS takes 1 MiB."""


class ShadowRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """What production was asked and answered, and who is asked the same. Money in nano-dollars, latency in ms."""

    workspace_id: str
    leaderboard_id: str
    trace_id: str
    challenger: Target
    input: str
    messages: list[dict[str, Any]]
    """What production's model got: the prompt is in it already."""
    parameters: dict[str, Any]
    """What the client gave beside its question, such as `temperature`."""
    production_id: str
    output: str
    latency_ms: float
    cost_nanos: int
    tokens_in: int
    tokens_out: int
    asked_at: str

    def encode(self) -> str | None:
        """The message body; None when it is too large for one."""
        body = msgspec.json.encode(self)
        return body.decode() if len(body) <= MAX_BYTES else None

    @classmethod
    def decode(cls, body: str) -> "ShadowRequest":
        """The inverse of `encode`. msgspec.ValidationError (or DecodeError) when it is not such a message."""
        return msgspec.json.decode(body, type=cls)


def challenger_of(serving: Serving) -> Target | None:
    """Whom the settings have asked beside production: the model they name, else the next in the ranking. None when
    nobody can be: no share of requests is set, nobody else was ranked, or the named model serves or was not ranked.
    """
    settings = serving.settings
    if not settings.shadow_percent:
        return None
    if settings.shadow_model_id is None:
        return next(iter(serving.others), None)
    return next((one for one in serving.others if one.candidate_id == settings.shadow_model_id), None)
