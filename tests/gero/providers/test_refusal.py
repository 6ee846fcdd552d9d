import json
import time
from typing import Any

import pytest

from gero.providers.refusal import HINTS, redacted, refusal


def refused(status: int, error: Any, *, sleeps: bool = False, **headers: str) -> Any:
    content = json.dumps({"error": error}).encode() if error is not None else b""
    return refusal(
        status, {name.replace("_", "-"): value for name, value in headers.items()}, content, {}, sleeps=sleeps
    )


# Errors as the providers send them (wording shortened; fields as documented by each).
OPENAI_MINUTE = {
    "message": "Rate limit reached for gpt-x in organization org-1 on tokens per min (TPM): Limit 10000, Used 9900.",
    "type": "tokens",
    "code": "rate_limit_exceeded",
}
OPENAI_DAY = {
    "message": "Rate limit reached for gpt-x on requests per day (RPD): Limit 200, Used 200. Try again in 7m12s.",
    "type": "requests",
    "code": "rate_limit_exceeded",
}
OPENAI_CREDIT = {
    "message": "You exceeded your current quota, please check your plan and billing details.",
    "type": "insufficient_quota",
    "code": "insufficient_quota",
}
GOOGLE_MINUTE: dict[str, Any] = {
    "code": 429,
    "message": "You exceeded your current quota, please check your plan and billing details.",
    "status": "RESOURCE_EXHAUSTED",
    "details": [{"violations": [{"quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"}]}],
}
GOOGLE_DAY = GOOGLE_MINUTE | {
    "details": [{"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}]
}
GROQ_DAY = {"message": "Rate limit reached for model on tokens per day (TPD): Limit 100000.", "type": "tokens"}
OPENROUTER_MINUTE = {"message": "Rate limit exceeded: free-models-per-min. ", "code": 429}
OPENROUTER_DAY = {"message": "Rate limit exceeded: free-models-per-day. Add 10 credits", "code": 429}
OPENROUTER_UPSTREAM = {
    "message": "Provider returned error",
    "code": 429,
    "metadata": {"raw": "model is temporarily rate-limited upstream. Please retry shortly", "provider_name": "Chutes"},
}
MODERATED = {"code": 403, "message": "Your chosen model requires moderation and your input was flagged"}


@pytest.mark.parametrize(
    ("status", "error", "condition"),
    [
        (429, OPENAI_MINUTE, "throttled"),
        (429, OPENAI_DAY, "exhausted"),
        (429, OPENAI_CREDIT, "exhausted"),
        (429, GOOGLE_MINUTE, "throttled"),
        (429, GOOGLE_DAY, "exhausted"),
        (429, GROQ_DAY, "exhausted"),
        (429, OPENROUTER_MINUTE, "throttled"),
        (429, OPENROUTER_DAY, "exhausted"),
        (429, OPENROUTER_UPSTREAM, "throttled"),
        (429, "Too Many Requests", "throttled"),
        (429, {"message": "Request too large for gpt-x on tokens per min (TPM): Limit 10000"}, "rejected"),
        (429, GOOGLE_MINUTE | {"details": GOOGLE_MINUTE["details"] + GOOGLE_DAY["details"]}, "exhausted"),
        (429, None, "throttled"),
        (402, {"message": "Insufficient credits", "code": 402}, "exhausted"),
        (402, "You have exceeded your monthly included credits", "exhausted"),
        (401, {"message": "No auth credentials found", "code": 401}, "refused"),
        (403, "forbidden", "refused"),
        (403, MODERATED, "rejected"),
        (404, {"message": "The model `x` does not exist", "code": "model_not_found"}, "refused"),
        (308, None, "refused"),
        (400, {"message": "context length exceeded"}, "rejected"),
        (413, None, "rejected"),
        (422, None, "rejected"),
        (500, None, "failed"),
        (503, None, "failed"),
        (529, {"type": "overloaded_error", "message": "Overloaded"}, "failed"),
    ],
)
def test_a_refusal_says_whom_it_concerns(status: int, error: Any, condition: str) -> None:
    found = refused(status, error)
    assert found.condition == condition
    assert found.retryable is (condition in ("failed", "throttled", "waking"))
    assert found.hint == HINTS[found.condition]


def test_a_quota_and_a_rate_have_codes_of_their_own() -> None:
    assert refused(429, OPENAI_DAY).code == "quota_exhausted"
    assert refused(429, OPENAI_MINUTE).code == "rate_limited"


def test_who_asks_to_wait_for_hours_means_a_quota() -> None:
    assert refused(429, "slow down", Retry_After="3600").condition == "exhausted"
    assert refused(429, "slow down", Retry_After="60").condition == "throttled"
    assert refused(429, "slow down, requests per minute", Retry_After="3600").condition == "throttled"


@pytest.mark.parametrize(("ahead", "condition"), [(30, "throttled"), (7200, "exhausted")])
def test_the_reset_that_openrouter_passes_on_inside_of_the_error_counts(ahead: int, condition: str) -> None:
    reset = str(int((time.time() + ahead) * 1000))
    error = {"message": "Rate limit exceeded", "code": 429, "metadata": {"headers": {"X-RateLimit-Reset": reset}}}
    found = refused(429, error)
    assert found.condition == condition
    assert ahead - 5 < found.retry_after <= ahead


@pytest.mark.parametrize("odd", [{"headers": {"X-RateLimit-Reset": "soon"}}, {"headers": []}, [], "x", None])
def test_odd_details_of_an_error_do_not_matter(odd: Any) -> None:
    assert refused(429, {"message": "m", "metadata": odd}).retry_after is None


def test_a_paused_endpoint_of_hugging_face_is_told_from_one_that_wakes_up() -> None:
    paused = refused(400, "Bad Request: Invalid state", sleeps=True)
    assert (paused.condition, paused.code) == ("refused", "endpoint_refused")
    assert "paused: resume it" in paused.message
    waking = refused(503, "Service Unavailable", sleeps=True)
    assert (waking.condition, waking.retryable, waking.code) == ("waking", True, "endpoint_waking")
    assert refused(400, "max_tokens is too large", sleeps=True).condition == "rejected"
    assert refused(400, "Bad Request: Invalid state").condition == "rejected"
    assert refused(503, "Service Unavailable").condition == "failed"


def test_an_error_in_a_list_is_read_as_well() -> None:
    content = json.dumps([{"error": GOOGLE_DAY}]).encode()
    assert refusal(429, {}, content, {}).condition == "exhausted"


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"Authorization": "Token abcdef123"}, "key … is bad, abc"),
        ({"X-Key": "abcdef123"}, "key … is bad, abc"),
        ({"X-Key": "abc", "Content-Type": "key"}, "key abcdef123 is bad, abc"),
        ({"X-Key": "   "}, "key abcdef123 is bad, abc"),
    ],
)
def test_only_secrets_are_taken_out_of_what_is_told(sent: dict[str, str], told: str) -> None:
    assert redacted("key abcdef123 is bad, abc", sent) == told
