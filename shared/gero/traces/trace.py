"""One recorded question and answer, whatever it came from."""

from typing import Any, Literal

import msgspec

from gero.kit import money

SCORE_SCALE = 1_000_000
Source = Literal["run", "inference", "dataset", "manual"]
SOURCES: tuple[Source, ...] = ("run", "inference", "dataset", "manual")


class Trace(msgspec.Struct, frozen=True, omit_defaults=True):
    """A trace as stored: a line of JSON. Money in nano-dollars, `score` scaled by SCORE_SCALE, None = unscored."""

    trace_id: str
    source: Source
    created_at: str
    input: str = ""
    output: str | None = None
    messages: list[dict[str, Any]] | None = None
    expected: list[str] | None = None
    score: int | None = None
    reason: str | None = None
    error: str | None = None
    run_id: str | None = None
    row_id: str | None = None
    model_id: str | None = None
    model: str | None = None
    provider: str | None = None
    """Who served the model, where the endpoint tells."""
    latency_ms: float | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    cost_nanos: int = 0
    attempts: int = 1
    """Calls made for it; 0 when the endpoint had been given up before its turn came: `error` says why, no score."""
    usage_estimated: bool = False
    """The model told no usage: tokens, and so the cost, are estimated from the texts' lengths."""
    reused_from: str | None = None
    """The run that had asked this before: answer, latency and cost are those of then, and nothing was paid now."""
    judge: str | None = None
    """The identity of the judge that scored it."""
    judge_cost_nanos: int = 0
    judge_error: str | None = None
    """Why the judge gave no verdict: then it is unscored."""
    audit_score: int | None = None
    """The judge's second verdict on the same answer, where it was audited."""
    verdict_key: str | None = None
    """Digest of what the verdict is about: judge, question, accepted answers, what it was compared with."""
    parameters: dict[str, Any] | None = None
    """Of inference: what the client gave beside its question, such as `temperature` and `tools`."""
    tool_calls: list[Any] | None = None
    finish_reason: str | None = None
    response_model: str | None = None
    """The model that the endpoint says has answered."""
    streamed: bool = False
    first_byte_ms: float | None = None
    """Of a stream: when its first event came."""
    prompt_bypassed: bool = False
    """`messages` went to the model as they were, without the leaderboard's prompt."""
    fallback_for: str | None = None
    """The production model that failed, instead of which this one answered; `fallback_reason` says how."""
    fallback_reason: str | None = None
    shadow_of: str | None = None
    """The trace of the request that this challenger was asked too, after production had answered it."""
    token_id: str | None = None
    """The API token that asked, or recorded it."""
    content: Literal["kept", "redacted", "left out"] = "kept"
    metadata: dict[str, Any] | None = None
    """Of a trace that people recorded: whatever they gave with it."""

    def public(self, leaderboard_id: str | None) -> dict[str, Any]:
        """The trace as the API shows it: dollars and scores from 0 to 1."""
        hidden = ("cost_nanos", "judge_cost_nanos", "score", "audit_score", "verdict_key")
        shown = {name: getattr(self, name) for name in self.__struct_fields__ if name not in hidden}
        return {
            **shown,
            "leaderboard_id": leaderboard_id,
            "score": _shown(self.score),
            "audit_score": _shown(self.audit_score),
            "cost_usd": money.to_usd(self.cost_nanos),
            "judge_cost_usd": money.to_usd(self.judge_cost_nanos),
        }


def _shown(score: int | None) -> float | None:
    return None if score is None else score / SCORE_SCALE


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Trace)


def encode(trace: Trace) -> bytes:
    """The trace as one line of JSON, without the line end."""
    return _encode(trace)


def decode(line: bytes) -> Trace:
    """The inverse of `encode`."""
    return _decoder.decode(line)
