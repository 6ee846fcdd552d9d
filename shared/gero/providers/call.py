"""One HTTP call to a model, and the patient version of it that a run uses."""

import asyncio
import contextlib
import random
import time
from collections.abc import Iterator, Mapping
from typing import Any

import aiohttp
import msgspec

from gero.providers import answer as answers
from gero.providers.answer import Answer
from gero.providers.connector import GuardedConnector
from gero.providers.endpoint import Endpoint
from gero.providers.pace import Pace, Stopped
from gero.providers.refusal import CallFailed, refusal

MAX_RESPONSE_BYTES = 8 * 1024 * 1024
TRIES = 6
PATIENCE_SECONDS = 180.0  # with one question, all tries and pauses together
_BACKOFF_SECONDS, _BACKOFF_CAP_SECONDS = 0.5, 20.0
_RETRY_AFTER_CAP_SECONDS = 60.0
_NO_TRY = ("throttled", "waking")  # the question was not looked at
_encode = msgspec.json.Encoder().encode


class NotNow(Exception):
    """All patience went by while the endpoint took no more requests; the same question may be asked later.

    `refusals`: how many times it was refused meanwhile.
    """

    def __init__(self, message: str, refusals: int = 0) -> None:
        super().__init__(message)
        self.refusals = refusals


def new_session(max_in_flight: int) -> aiohttp.ClientSession:
    """A client session that keeps connections alive and goes to allowed addresses only (see `connector`)."""
    connector = GuardedConnector(max_in_flight)
    return aiohttp.ClientSession(connector=connector, auto_decompress=True, cookie_jar=aiohttp.DummyCookieJar())


def request_body(endpoint: Endpoint, messages: list[dict[str, Any]], extra: Mapping[str, Any] | None = None) -> bytes:
    """The JSON body of a chat completion request; `extra` wins over the endpoint's own parameters."""
    body: dict[str, Any] = {"messages": [*endpoint.preamble, *messages], **endpoint.parameters, **(extra or {})}
    if endpoint.model:
        body["model"] = endpoint.model
    if endpoint.platform == "openrouter" and (endpoint.provider or endpoint.quantization):
        wishes = body.get("provider")
        body["provider"] = (wishes if isinstance(wishes, dict) else {}) | _routing(endpoint)
    elif endpoint.provider:
        body["model"] = f"{endpoint.model}:{endpoint.provider}"
    return _encode(body)


def _routing(endpoint: Endpoint) -> dict[str, Any]:
    """OpenRouter's words for a pin: this provider and no other, served so and not otherwise."""
    pinned = {"only": [endpoint.provider], "allow_fallbacks": False} if endpoint.provider else {}
    return pinned | ({"quantizations": [endpoint.quantization]} if endpoint.quantization else {})


async def ask(
    session: aiohttp.ClientSession,
    endpoint: Endpoint,
    headers: Mapping[str, str],
    body: bytes,
    timeout_seconds: float | None = None,
) -> Answer:
    """Ask once. CallFailed says what is the matter and whether another try may help."""
    return (await ask_whole(session, endpoint, headers, body, timeout_seconds))[0]


async def ask_whole(
    session: aiohttp.ClientSession,
    endpoint: Endpoint,
    headers: Mapping[str, str],
    body: bytes,
    timeout_seconds: float | None = None,
) -> tuple[Answer, Any]:
    """Ask once, as `ask`; the answer, and the whole document that it was found in."""
    timeout = aiohttp.ClientTimeout(total=timeout_seconds or endpoint.timeout_seconds)
    started = time.perf_counter()
    with failures():
        async with session.post(
            endpoint.url, data=body, headers=headers, timeout=timeout, allow_redirects=False
        ) as response:
            content = await bounded(response)
            latency_ms = (time.perf_counter() - started) * 1000
            status = response.status if not 200 <= response.status < 300 else answers.status_of_error(content)
            if status:
                raise refusal(status, response.headers, content, headers, sleeps=endpoint.sleeps)
            document = answers.read(content, response.headers.get("Content-Type", ""))
            return answers.of_document(document, endpoint, answers.characters_of(body), latency_ms), document


@contextlib.contextmanager
def failures() -> Iterator[None]:
    """Tell what went wrong with a connection as CallFailed."""
    try:
        yield
    except TimeoutError as error:
        raise CallFailed("the endpoint did not answer in time", "failed") from error
    except aiohttp.ClientConnectorDNSError as error:
        raise CallFailed("no answer from the endpoint (its host is not known)", "failed") from error
    except (aiohttp.ClientError, OSError) as error:
        nobody = isinstance(error, aiohttp.ClientConnectorError) and not isinstance(error, aiohttp.ClientSSLError)
        why = "nobody listens at its address" if nobody else type(error).__name__
        raise CallFailed(f"no answer from the endpoint ({why})", "failed") from error
    except ValueError as error:  # aiohttp: what cannot be sent, such as a header with a line end in it
        raise CallFailed("this request cannot be sent: check the address and the headers", "refused") from error


async def ask_patiently(
    session: aiohttp.ClientSession,
    endpoint: Endpoint,
    headers: Mapping[str, str],
    body: bytes,
    pace: Pace,
    until: float,
) -> tuple[Answer, int]:
    """Ask until there is an answer, at the endpoint's pace; the answer and the number of tries.

    `until`: a `time.monotonic()` moment at which no call is left running. Patience begins with the first call; full
    jitter between tries, Retry-After respected. After `TRIES` tries or `PATIENCE_SECONDS`, or when no further try can
    help, the last failure is raised with its `attempts`. A try that was refused as one too many, or that found the
    endpoint waking, is none: when they, or waiting for a turn, take all the time, NotNow is raised. Stopped when the
    endpoint is given up.
    """
    era = await _first_turn(pace, until)
    deadline = min(until, time.monotonic() + PATIENCE_SECONDS)
    least = min(endpoint.timeout_seconds, PATIENCE_SECONDS / 3)  # for a try to be fair
    attempts = failures = refusals = 0
    while True:
        attempts += 1
        failure = None
        try:
            left = max(0.001, deadline - time.monotonic())
            answer = await ask(session, endpoint, headers, body, min(left, endpoint.timeout_seconds))
        except CallFailed as error:
            failure = error
        finally:
            pace.leave()
        pace.note(failure, era)
        if failure is None:
            return answer, attempts
        failure.details["attempts"] = attempts
        failures += failure.condition not in _NO_TRY
        refusals += failure.condition == "throttled"
        if not failure.retryable or failures == TRIES:
            raise failure
        times = failures if failure.condition == "failed" else attempts
        pause, latest = _pause(failure, times), deadline - least
        if time.monotonic() + pause > latest:
            raise NotNow(failure.message, refusals) if failure.condition in _NO_TRY else failure
        await asyncio.sleep(pause)
        era = await _next_turn(pace, latest, failure, refusals)


async def _first_turn(pace: Pace, until: float) -> int:
    try:
        return await pace.turn(until - PATIENCE_SECONDS)
    except TimeoutError as error:
        raise NotNow("its turn did not come") from error


async def _next_turn(pace: Pace, latest: float, failure: CallFailed, refusals: int) -> int:
    """Wait for another turn after a failure. NotNow when it does not come in time; when the endpoint is given up
    meanwhile: the failure, if it is one of the question's own.
    """
    try:
        return await pace.turn(latest)
    except TimeoutError as error:
        raise NotNow(failure.message, refusals) from error
    except Stopped:
        if failure.condition in _NO_TRY:
            raise
        raise failure from None


async def bounded(response: aiohttp.ClientResponse) -> bytes:
    """The whole body. CallFailed when it is larger than `MAX_RESPONSE_BYTES`."""
    pieces, size = [], 0
    while size <= MAX_RESPONSE_BYTES and (piece := await response.content.readany()):
        pieces.append(piece)
        size += len(piece)
    if size > MAX_RESPONSE_BYTES:
        raise CallFailed("the response is larger than 8 MB", "rejected", provider_status=response.status)
    return b"".join(pieces)


def _pause(failure: CallFailed, times: int) -> float:
    """Seconds until the next try, after so many failures of its kind."""
    if failure.condition == "waking":
        return 0.0  # its pace says when to look again
    backoff = random.uniform(0, min(_BACKOFF_CAP_SECONDS, _BACKOFF_SECONDS * 2 ** min(times, 10)))
    told = min(failure.retry_after or 0.0, _RETRY_AFTER_CAP_SECONDS) * random.uniform(1, 1.25)
    return max(told, backoff) if failure.retry_after is None or told < _BACKOFF_SECONDS else told
