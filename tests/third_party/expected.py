"""The classes in which each client raises what went wrong; `STATUSES` and `CODES` are the same for all."""

STATUSES = {
    "token": 401,
    "listing": 401,
    "model": 404,
    "retrieve": 404,
    "elsewhere": 404,
    "unranked": 409,
    "body": 400,
    "poor": 402,
    "refused": 400,
    "throttled": 429,
    "throttled_stream": 429,
}
CODES = {
    "token": "unauthenticated",
    "model": "model_not_found",
    "unranked": "no_ranking",
    "body": "invalid_request",
    "poor": "budget_exhausted",
    "throttled": "rate_limited",
}
_OPENAI = {
    "token": "AuthenticationError",
    "listing": "AuthenticationError",
    "model": "NotFoundError",
    "retrieve": "NotFoundError",
    "elsewhere": "NotFoundError",
    "unranked": "ConflictError",
    "body": "BadRequestError",
    "poor": "APIStatusError",
    "refused": "BadRequestError",
    "throttled": "RateLimitError",
    "throttled_stream": "RateLimitError",
    "halfway": "APIError",
}
_AI_SDK = dict.fromkeys(
    ("token", "model", "elsewhere", "unranked", "body", "poor", "refused", "throttled", "throttled_stream"),
    "APICallError",
) | {
    "halfway": "object",  # what stands in the stream, as it stands there
    "aborted": "TimeoutError",
}
CLASSES: dict[str, dict[str, str]] = {
    "openai-python": _OPENAI | {"slow": "APITimeoutError", "slow_stream": "APITimeoutError"},
    "openai-javascript": _OPENAI
    | {"poor": "APIError", "slow": "APIConnectionTimeoutError", "aborted": "APIUserAbortError"},
    "litellm": {
        "token": "AuthenticationError",
        "model": "NotFoundError",
        "elsewhere": "NotFoundError",
        "unranked": "APIError",
        "body": "BadRequestError",
        "poor": "APIError",
        "refused": "BadRequestError",
        "throttled": "RateLimitError",
        "throttled_stream": "RateLimitError",
        "halfway": "MidStreamFallbackError",
        "slow": "Timeout",
        "slow_stream": "Timeout",
    },
    "ai-sdk-compatible": _AI_SDK,
    "ai-sdk-openai": _AI_SDK,
}
