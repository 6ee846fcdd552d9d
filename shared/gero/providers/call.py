"""One HTTP call to a model, and the patient version of it that a run uses."""

import asyncio
import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import msgspec

from gero.kit import UpstreamFailed
from gero.providers import answer as answers
from gero.providers.answer import Answer
from gero.providers.endpoint import Endpoint
from gero.providers.resolver import PublicResolver

MAX_RESPONSE_BYTES = 8 * 1024 * 1024
TRIES = 6
PATIENCE_SECONDS = 180.0  # with one question, all tries and pauses together
_BACKOFF_SECONDS, _BACKOFF_CAP_SECONDS = 0.5, 20.0
_RETRY_AFTER_CAP_SECONDS = 60.0
_TOLD_CHARACTERS = 200
_RETRYABLE_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
_encode = msgspec.json.Encoder().encode


class CallFailed(UpstreamFailed):
    """A call to a model failed: `provider_status` is its HTTP status (None: no response)."""

    code = "model_call_failed"

    def __init__(
        self, message: str, *, retryable: bool, provider_status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, provider_status=provider_status)
        self.retryable = retryable
        self.retry_after = retry_after
        self.attempts = 1


def new_session(max_in_flight: int) -> aiohttp.ClientSession:
    """A client session that keeps connections alive and calls public addresses only (see `resolver`)."""
    connector = aiohttp.TCPConnector(
        limit=max_in_flight, resolver=PublicResolver(), ttl_dns_cache=60, keepalive_timeout=30
    )
    return aiohttp.ClientSession(connector=connector, auto_decompress=True, cookie_jar=aiohttp.DummyCookieJar())


def request_body(endpoint: Endpoint, messages: list[dict[str, Any]], extra: Mapping[str, Any] | None = None) -> bytes:
    """The JSON body of a chat completion request; `extra` wins over the endpoint's own parameters."""
    body: dict[str, Any] = {"messages": messages, **endpoint.parameters, **(extra or {})}
    if endpoint.model:
        body["model"] = endpoint.model
    return _encode(body)


async def ask(
    session: aiohttp.ClientSession,
    endpoint: Endpoint,
    headers: Mapping[str, str],
    body: bytes,
    timeout_seconds: float | None = None,
) -> Answer:
    """Ask once. CallFailed or UpstreamFailed say whether another try may help."""
    timeout = aiohttp.ClientTimeout(total=timeout_seconds or endpoint.timeout_seconds)
    started = time.perf_counter()
    try:
        async with session.post(
            endpoint.url, data=body, headers=headers, timeout=timeout, allow_redirects=False
        ) as response:
            content = await _bounded(response)
            latency_ms = (time.perf_counter() - started) * 1000
            if not 200 <= response.status < 300:
                raise _refused(response, content, headers)
            return answers.parse(content, response.headers.get("Content-Type", ""), endpoint, len(body), latency_ms)
    except TimeoutError as error:
        raise CallFailed("the endpoint did not answer in time", retryable=True) from error
    except (aiohttp.ClientError, OSError) as error:
        raise CallFailed(f"no answer from the endpoint ({type(error).__name__})", retryable=True) from error


async def ask_patiently(
    session: aiohttp.ClientSession,
    endpoint: Endpoint,
    headers: Mapping[str, str],
    body: bytes,
) -> tuple[Answer, int]:
    """Ask until there is an answer; the answer and the number of tries.

    Full jitter between tries, Retry-After respected. After `TRIES` tries or `PATIENCE_SECONDS`, or when no further try
    can help, the last failure is raised with its `attempts`.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    for attempt in range(1, TRIES + 1):
        left = deadline - time.monotonic()
        try:
            return await ask(session, endpoint, headers, body, min(left, endpoint.timeout_seconds)), attempt
        except UpstreamFailed as error:
            failure = error
        pause = _pause(failure, attempt)
        if not failure.retryable or attempt == TRIES or time.monotonic() + pause >= deadline:
            break
        await asyncio.sleep(pause)
    failure.details["attempts"] = attempt
    raise failure


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    content = await response.content.read(MAX_RESPONSE_BYTES + 1)
    while not response.content.at_eof() and len(content) <= MAX_RESPONSE_BYTES:
        content += await response.content.read(MAX_RESPONSE_BYTES + 1 - len(content))
    if len(content) > MAX_RESPONSE_BYTES:
        raise CallFailed("the response is larger than 8 MB", retryable=False, provider_status=response.status)
    return content


def _refused(response: aiohttp.ClientResponse, content: bytes, sent: Mapping[str, str]) -> CallFailed:
    told = _told(content)
    for value in sent.values():  # some providers quote the key they refuse, with or without its scheme
        told = told.replace(value, "…").replace(value.split()[-1], "…")
    told = told[:_TOLD_CHARACTERS]
    return CallFailed(
        f"the endpoint answered {response.status}{': ' + told if told else ''}",
        retryable=response.status in _RETRYABLE_STATUS,
        provider_status=response.status,
        retry_after=_retry_after(response.headers.get("Retry-After")),
    )


def _told(content: bytes) -> str:
    try:
        document = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    error = document.get("error", document.get("message")) if isinstance(document, dict) else None
    error = error.get("message") if isinstance(error, dict) else error
    return error if isinstance(error, str) else ""


def _retry_after(header: str | None) -> float | None:
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _pause(failure: UpstreamFailed, attempt: int) -> float:
    jittered = random.uniform(0, min(_BACKOFF_CAP_SECONDS, _BACKOFF_SECONDS * 2**attempt))
    told = getattr(failure, "retry_after", None)
    return jittered if told is None else min(told, _RETRY_AFTER_CAP_SECONDS) + jittered * 0.25
