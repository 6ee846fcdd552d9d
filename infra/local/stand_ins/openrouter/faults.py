"""What OpenRouter answers when it does not answer: its statuses and bodies, in its own words.

Source: https://openrouter.ai/docs/api-reference/errors and https://openrouter.ai/docs/api-reference/limits
"""

import time
from collections.abc import Callable
from typing import Any, Literal

import msgspec
from aiohttp import web

Kind = Literal["unauthorized", "credits", "minute", "day", "overloaded", "error_in_200", "error_in_choice"]
"""What to refuse with: 401, 402, 429 of this minute or day, 503, or 200 with an error in the body or in the choice."""
_MINUTE, _DAY = 60, 86_400


def answer(document: Any, status: int = 200) -> web.Response:
    """A JSON response."""
    return web.Response(body=msgspec.json.encode(document), status=status, content_type="application/json")


def refuse(status: int, message: str, **metadata: Any) -> web.Response:
    """An error as OpenRouter writes it: the status is in the body, too."""
    return answer(_error(status, message, **metadata), status)


def faulty(kind: Kind) -> web.Response:
    """The response that a fault is."""
    return _FAULTS[kind]()


def _error(code: int, message: str, **metadata: Any) -> dict[str, Any]:
    return {"error": {"message": message, "code": code, **({"metadata": metadata} if metadata else {})}}


def _limited(name: str, limit: int, seconds: int) -> web.Response:
    reset = (int(time.time()) // seconds + 1) * seconds * 1000
    headers = {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
    return refuse(429, f"Rate limit exceeded: {name}. ", headers=headers, provider_name=None)


def _in_choice() -> web.Response:
    error = {"code": 502, "message": "Provider returned error", "metadata": {"provider_name": "Hearth", "raw": ""}}
    choice = {
        "index": 0,
        "finish_reason": "error",
        "native_finish_reason": "error",
        "message": {"role": "assistant", "content": ""},
        "error": error,
    }
    return answer({"id": "gen-failed", "object": "chat.completion", "provider": "Hearth", "choices": [choice]})


_FAULTS: dict[Kind, Callable[[], web.Response]] = {
    "unauthorized": lambda: refuse(401, "User not found."),
    "credits": lambda: refuse(402, "Insufficient credits. Add more using https://openrouter.ai/settings/credits"),
    "minute": lambda: _limited("free-models-per-min", 20, _MINUTE),
    "day": lambda: _limited("free-models-per-day. Add 10 credits to unlock 1000 free model requests per day", 50, _DAY),
    "overloaded": lambda: refuse(503, "Provider returned error", raw="overloaded", provider_name="Hearth"),
    "error_in_200": lambda: answer(_error(502, "Provider returned error", raw="broken", provider_name="Hearth")),
    "error_in_choice": _in_choice,
}
