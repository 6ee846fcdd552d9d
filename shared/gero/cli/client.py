"""The HTTP API as a client sees it: JSON in and out, reads repeated, refusals as `Failure`."""

import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Self

import httpx

from gero.cli.answer_stream import BROKE_OFF
from gero.cli.failure import FAILED, NOT_SIGNED_IN, Failure
from gero.cli.faults import fault_lines
from gero.cli.settings import is_loopback

_TIMEOUT: Final = httpx.Timeout(30, connect=5)
_PATIENT: Final = httpx.Timeout(125, connect=5)
_ATTEMPTS: Final = 4
_FIRST_PAUSE_SECONDS: Final = 0.2
_LONGEST_PAUSE_SECONDS: Final = 5.0
_PASSING: Final = frozenset({429, 502, 503})
_PAGE: Final = 200
_PUSH_HEADER: Final = "X-Dr.Gero-Push-Token"


class Client:
    """One API and one token. Every method raises Failure with the API's own sentence when it refuses.

    A push token (`hpd_…`) goes in a header of its own and may push rows, to its leaderboard only.
    """

    def __init__(
        self, api_url: str, token: str | None = None, inference_url: str | None = None, *, push_token: str | None = None
    ) -> None:
        self.api_url = api_url
        self.inference_url = inference_url or api_url
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(
            headers={**headers, _PUSH_HEADER: push_token} if push_token else headers,
            timeout=_TIMEOUT,
            trust_env=not is_loopback(api_url),  # a proxy of the environment cannot reach this machine's ports
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Read; repeated on connection errors, 429, 502 and 503. Query values that are None are left out."""
        known = {name: value for name, value in query.items() if value is not None}
        return self._call("GET", self.api_url + path, repeatable=True, params=known)

    def post(self, path: str, body: Any = None, *, repeatable: bool = False, patient: bool = False) -> dict[str, Any]:
        """Write; `repeatable` when doing it twice is the same as doing it once, `patient` when a model is asked."""
        timeout = _PATIENT if patient else _TIMEOUT
        content = {} if body is None else body
        return self._call("POST", self.api_url + path, repeatable=repeatable, json=content, timeout=timeout)

    def put(self, path: str, body: Any) -> dict[str, Any]:
        """Set the whole of it."""
        return self._call("PUT", self.api_url + path, repeatable=True, json=body)

    def patch(self, path: str, body: Any) -> dict[str, Any]:
        """Change the named fields."""
        return self._call("PATCH", self.api_url + path, json=body)

    def delete(self, path: str) -> None:
        """Delete."""
        self._call("DELETE", self.api_url + path)

    def infer(self, leaderboard_id: str, body: Any) -> dict[str, Any]:
        """Ask the production model; waits longer than the 120 s that the inference function may take."""
        return self._infer(f"leaderboard/{leaderboard_id}", body)

    def infer_model(self, model_id: str, body: Any) -> dict[str, Any]:
        """Ask the deployed version of a model of the Models area; waits as long."""
        return self._infer(f"models/{model_id}", body)

    def read(self, url: str) -> dict[str, Any]:
        """Read from a whole address, such as one that the API has named."""
        return self._call("GET", url, repeatable=True)

    def ask(self, url: str, body: Any) -> tuple[dict[str, Any], Mapping[str, str]]:
        """Ask a model at a whole address; its answer with the headers that came along."""
        response = self._send("POST", url, json=body, timeout=_PATIENT)
        return _content(response), response.headers

    @contextmanager
    def open_stream(self, url: str, body: Any) -> Iterator[httpx.Response]:
        """Ask a model for an answer that is read as it comes."""
        opened = False
        try:
            with self._http.stream("POST", url, json=body, timeout=_PATIENT) as response:
                if not response.is_success:
                    response.read()
                    _content(response)
                opened = True
                yield response
        except httpx.TransportError as error:
            raise Failure(f"{BROKE_OFF}: {_cause(error)}") if opened else self._unreached(url, error) from error

    def every(self, path: str, key: str, limit: int | None = None, offset: int = 0) -> Iterator[dict[str, Any]]:
        """The items of a paged list from `offset` on, at most `limit`."""
        end = None if limit is None else offset + limit
        while end is None or offset < end:
            size = _PAGE if end is None else min(_PAGE, end - offset)
            page = self.get(path, limit=size, offset=offset)[key]
            yield from page[:size]
            if len(page) < size:
                return
            offset += size

    def _infer(self, place: str, body: Any) -> dict[str, Any]:
        return self._call("POST", f"{self.inference_url}/v1/{place}/inference", json=body, timeout=_PATIENT)

    def _call(self, method: str, url: str, *, repeatable: bool = False, **request: Any) -> dict[str, Any]:
        return _content(self._send(method, url, repeatable=repeatable, **request))

    def _send(self, method: str, url: str, *, repeatable: bool = False, **request: Any) -> httpx.Response:
        for attempt in range(_ATTEMPTS if repeatable else 1):
            last = not repeatable or attempt == _ATTEMPTS - 1
            try:
                response = self._http.request(method, url, **request)
            except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
                if last:
                    raise self._unreached(url, error) from error
                time.sleep(_pause(attempt))
            except httpx.TimeoutException as error:
                raise self._unreached(url, error) from error
            else:
                if last or response.status_code not in _PASSING:
                    return response
                time.sleep(_pause(attempt, response.headers.get("Retry-After")))
        raise AssertionError("the last attempt returns or raises")

    def _unreached(self, url: str, error: httpx.TransportError) -> Failure:
        place = f"the API at {self.api_url}" if url.startswith(self.api_url) else url
        if isinstance(error, httpx.TimeoutException):
            return Failure(f"{place} did not answer in time")
        hint = " (is `make run` still running?)" if is_loopback(url) else ""
        return Failure(f"cannot reach {place}: {_cause(error)}{hint}")


def _pause(attempt: int, asked: str | None = None) -> float:
    wanted = float(asked) if asked and asked.isdecimal() else _FIRST_PAUSE_SECONDS * 2**attempt
    return min(wanted, _LONGEST_PAUSE_SECONDS) * random.uniform(0.8, 1.2)


def _cause(error: httpx.TransportError) -> str:
    return str(error) or type(error).__name__


def _content(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json() if response.content else {}
    except ValueError:
        body = None
    if not response.is_success:
        raise _refusal(response, body if isinstance(body, dict) else {})
    if not isinstance(body, dict):
        address = f"{response.url.scheme}://{response.url.netloc.decode()}"
        raise Failure(f"{address} answered something that is not of the Gero API: check the address with `gero status`")
    return body


def _refusal(response: httpx.Response, body: dict[str, Any]) -> Failure:
    status = response.status_code
    sentence = body.get("error")
    if not isinstance(sentence, str) or not sentence:
        request = response.request
        sentence = f"{request.method} {request.url.path} was answered with {status} {response.reason_phrase}".rstrip()
    details = body.get("details")
    faults = details.get("errors") if isinstance(details, dict) else None
    lines = [line for line in fault_lines(faults) if line != sentence] if isinstance(faults, list) else []
    if status == httpx.codes.UNAUTHORIZED:
        fix = "check GERO_PUSH_TOKEN" if _PUSH_HEADER in response.request.headers else "sign in with `gero login`"
        return Failure(f"{sentence.rstrip('.')}: {fix}", NOT_SIGNED_IN, lines)
    return Failure(sentence, FAILED, lines)
