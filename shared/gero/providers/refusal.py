"""What a failed call means: trouble that passes, one request refused, too many of them, or an endpoint of no use."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import msgspec

from gero.kit import UpstreamFailed

Condition = Literal["failed", "rejected", "throttled", "waking", "refused", "exhausted"]
"""`failed`: may work a moment later · `rejected`: this request is not accepted · `throttled`: too many at a time ·
`waking`: an endpoint that was scaled to zero starts · `refused`: no request of ours is accepted · `exhausted`: the
account's quota or credit is used up.
"""
_CODES: dict[Condition, str] = {
    "failed": "model_call_failed",
    "rejected": "model_call_failed",
    "throttled": "rate_limited",
    "waking": "endpoint_waking",
    "refused": "endpoint_refused",
    "exhausted": "quota_exhausted",
}
HINTS: dict[Condition, str] = {
    "failed": "the server may be down or overloaded; try again",
    "rejected": "the server does not accept this request: check the parameters, the model's name, the prompt's length",
    "throttled": "the server takes no more requests at the moment; a run slows down by itself",
    "waking": "the endpoint was scaled to zero and is starting, which takes minutes; a run waits for it",
    "refused": "no request will be accepted: check the address, the model's name and the token",
    "exhausted": "the account's quota or credit is used up; raise it, or wait until it is renewed",
}
_QUOTA_SECONDS = 600.0  # who asks to wait longer than this means a quota, not a rate
_PASSING = frozenset({408, 409, 425, 500, 502, 503, 504, 520, 522, 524, 529})
_OF_THE_ENDPOINT = frozenset({301, 302, 303, 307, 308, 401, 403, 404, 405, 407, 410, 421})
_PER_MINUTE = re.compile(r"per[ _-]?min(ute)?\b|per[ _-]?second|PerMinute|\((RPM|TPM)\)", re.IGNORECASE)
_QUOTA = re.compile(
    r"per[ _-]?(day|month)|PerDay|\((RPD|TPD)\)|\bdaily\b|\bmonthly\b|insufficient[ _](quota|credit|balance|funds)"
    r"|billing[ _]hard[ _]limit|out of credits",
    re.IGNORECASE,
)
_SOME_QUOTA = re.compile(r"exceeded your current quota", re.IGNORECASE)  # Google says so of every limit
_TOO_LARGE = re.compile(r"request too large|too large for", re.IGNORECASE)  # OpenAI: this one never fits into a minute
_PAUSED = re.compile(r"invalid state|\bpaused\b", re.IGNORECASE)
_FLAGGED = re.compile(r"\bflagged\b|moderation", re.IGNORECASE)
_TOLD_CHARACTERS = 200
_OPEN_HEADERS = ("Content-Type", "Accept")
_SECRET_CHARACTERS = 6  # shorter words than this are no secret, and stand in many texts


class CallFailed(UpstreamFailed):
    """A call to a model failed, see `Condition`; `provider_status` is its HTTP status (None: no response)."""

    def __init__(
        self,
        message: str,
        condition: Condition,
        *,
        provider_status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, code=_CODES[condition], provider_status=provider_status)
        self.condition = condition
        self.retryable = condition in ("failed", "throttled", "waking")
        self.retry_after = retry_after
        """Seconds that the server asked to wait."""

    @property
    def hint(self) -> str:
        """What a person can do about it."""
        return HINTS[self.condition]


def refusal(
    status: int, headers: Mapping[str, str], content: bytes, sent: Mapping[str, str], *, sleeps: bool = False
) -> CallFailed:
    """The failure that a response with `status` and body `content` is; `sent`: the request's headers, never quoted.

    `sleeps`: it is an inference endpoint of Hugging Face, which can be paused or scaled to zero.
    """
    error = _error(content)
    told = redacted(_told(error), sent)
    wait = _wait(headers, error)
    condition = _condition(status, f"{told} {_kinds(error)}", wait, sleeps)
    told = told[:_TOLD_CHARACTERS]
    paused = "; the endpoint is paused: resume it on Hugging Face" if condition == "refused" and status == 400 else ""
    moved = "; redirects are not followed: give the address itself" if 300 <= status < 400 else ""
    message = f"the endpoint answered {status}{': ' + told if told else ''}{paused}{moved}"
    return CallFailed(message, condition, provider_status=status, retry_after=wait)


def redacted(text: str, sent: Mapping[str, str]) -> str:
    """The text without the secrets of the headers that were sent: some providers quote the key they refuse, with its
    scheme or without.
    """
    for name, value in sent.items():
        if name in _OPEN_HEADERS:
            continue
        for secret in sorted({value, *value.split()}, key=len, reverse=True):
            if len(secret) >= _SECRET_CHARACTERS:
                text = text.replace(secret, "…")
    return text


def _condition(status: int, told: str, wait: float | None, sleeps: bool) -> Condition:
    if status == 402:
        return "exhausted"
    if status == 429:
        return _too_many(told, wait)
    if sleeps and status == 503:
        return "waking"
    if sleeps and status == 400 and _PAUSED.search(told):
        return "refused"
    if status == 403 and _FLAGGED.search(told):
        return "rejected"
    if status in _OF_THE_ENDPOINT:
        return "refused"
    return "failed" if status in _PASSING else "rejected"


def _too_many(told: str, wait: float | None) -> Condition:
    if _TOO_LARGE.search(told):
        return "rejected"
    if _QUOTA.search(told):
        return "exhausted"
    if _PER_MINUTE.search(told):
        return "throttled"
    return "exhausted" if _SOME_QUOTA.search(told) or (wait or 0) > _QUOTA_SECONDS else "throttled"


def _error(content: bytes) -> Any:
    try:
        document = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    document = document[0] if isinstance(document, list) and document else document
    return document.get("error", document.get("message")) if isinstance(document, dict) else None


def _told(error: Any) -> str:
    told = error.get("message") if isinstance(error, dict) else error
    return told if isinstance(told, str) else ""


def _kinds(error: Any) -> str:
    """The words by which providers name the kind of an error: its code, type and details."""
    return msgspec.json.encode(error).decode()[:10_000] if isinstance(error, dict) else ""


def _wait(headers: Mapping[str, str], error: Any) -> float | None:
    told = _seconds(headers.get("Retry-After"))
    if told is not None or not isinstance(error, dict):
        return told
    # OpenRouter passes the limit's headers on inside of the error; its reset is Unix time in milliseconds.
    metadata = error.get("metadata")
    inner = metadata.get("headers") if isinstance(metadata, dict) else None
    reset = inner.get("X-RateLimit-Reset") if isinstance(inner, dict) else None
    try:
        return max(0.0, float(reset) / 1000 - datetime.now(UTC).timestamp()) if reset else None
    except (TypeError, ValueError, OverflowError):
        return None


def _seconds(header: str | None) -> float | None:
    if not header:
        return None
    try:
        told = float(header)
        return max(0.0, told) if told == told else None  # nan is no number of seconds
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
