"""Errors as the clients of each path know them: Gero's own body, or OpenAI's."""

from typing import Any

import msgspec

from gero.kit import Conflict, GeroError
from gero.providers import CallFailed

_STATUS = {"rate_limited": 429, "endpoint_waking": 503}
_UNACCEPTED = (400, 413, 422)  # of a provider: the request is at fault, and asking again does not help
_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "invalid_request_error",
    413: "invalid_request_error",
    429: "rate_limit_error",
}
_MOST_SECONDS = 3600.0  # that a client is asked to wait
_encode = msgspec.json.Encoder().encode


def failure(error: GeroError, *, openai: bool) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, body and headers of an error."""
    status, headers = error.status, dict(getattr(error, "headers", {}))
    if isinstance(error, CallFailed):
        status = _STATUS.get(error.code, status)
        told = error.details.get("provider_status")
        if error.condition == "rejected" and told in _UNACCEPTED:
            status = told
        if error.retry_after is not None and status in (429, 503):
            headers["Retry-After"] = str(max(1, round(min(error.retry_after, _MOST_SECONDS))))
    if isinstance(error, Conflict | CallFailed) and not error.retryable:
        headers["X-Should-Retry"] = "false"  # OpenAI's clients ask again after any 409 and 5xx, unless told so
    return status, body(status, error.message, error.code, error.details, openai=openai), headers


def body(status: int, message: str, code: str, details: dict[str, Any], *, openai: bool) -> dict[str, Any]:
    """The body of an error."""
    if not openai:
        return {"error": message, "code": code, "details": details}
    kind = _TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": details.get("field"), "code": code}}


def event(message: str) -> bytes:
    """The event that ends a stream which has failed: OpenAI's clients raise it as an error."""
    told = body(502, message, "upstream_failed", {}, openai=True)
    return b"data: " + _encode(told) + b"\n\n"
