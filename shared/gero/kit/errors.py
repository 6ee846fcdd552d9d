"""The one error tree. `status` speaks to people (HTTP), `retryable` to queues."""

from collections.abc import Mapping
from typing import Any


class GeroError(Exception):
    """An expected failure with a message fit for the person who caused it: it names the field and the fix."""

    status = 500
    code = "internal_error"
    retryable = False

    def __init__(self, message: str, *, code: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.details = details

    def body(self) -> dict[str, Any]:
        """The error body of the public API: `{error, code, details}`."""
        return {"error": self.message, "code": self.code, "details": self.details}


class Invalid(GeroError):
    """The request cannot be carried out as written."""

    status, code = 400, "invalid_request"


class Unauthenticated(GeroError):
    """No token, or one that is unknown, revoked or expired."""

    status, code = 401, "unauthenticated"


class PaymentRequired(GeroError):
    """A limit of money, or of the workspace's plan, is reached. `headers` of the answer tell the state of a budget."""

    status, code = 402, "payment_required"

    def __init__(
        self, message: str, *, code: str | None = None, headers: Mapping[str, str] | None = None, **details: Any
    ) -> None:
        super().__init__(message, code=code, **details)
        self.headers = dict(headers or {})


class Forbidden(GeroError):
    """A known caller without the scope."""

    status, code = 403, "forbidden"


class NotFound(GeroError):
    """No such object in the caller's workspace."""

    status, code = 404, "not_found"


class Conflict(GeroError):
    """The object is not in the state that the request needs, or somebody changed it meanwhile."""

    status, code = 409, "conflict"


class TooLarge(GeroError):
    """A body, a line or a file above its limit."""

    status, code = 413, "too_large"


class UpstreamFailed(GeroError):
    """Somebody else's server failed: a model, Hugging Face."""

    status, code = 502, "upstream_failed"


class Unavailable(GeroError):
    """A passing fault of the platform; the same call may succeed later."""

    status, code, retryable = 503, "unavailable", True
