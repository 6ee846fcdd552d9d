"""A server that fine-tunes, spoken to in OpenAI's words: files and fine-tuning jobs.

Source: https://platform.openai.com/docs/api-reference/fine-tuning
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import IO, Any
from urllib.parse import quote

import msgspec

from gero.kit import UpstreamFailed, http
from gero.providers import redacted

REFUSED = "fine_tuning_refused"
"""Code of a failure after which the server has done nothing."""
_SECONDS = 20
_MAX_ANSWER = 4 << 20
_PAGE, _MAX_PAGES = 100, 5
_SHOWN = 500
_MAX_NAME = 300
_ID = re.compile(r"[\w.:/-]{1,300}", re.ASCII)
_SERVER = "the fine-tuning server"


class Job(msgspec.Struct, frozen=True):
    """A fine-tuning job, as far as Gero reads it: whatever the server tells, short enough to be kept, without secrets.

    One that succeeded under a name by which the model cannot be called has failed.
    """

    id: str
    status: str
    fine_tuned_model: str | None = None
    trained_tokens: int | None = None
    error: str | None = None
    metadata: dict[str, Any] | None = None


class _Told(msgspec.Struct, frozen=True):
    """A job in the server's words. What can be done without may be anything: a job must be able to end."""

    id: str
    status: str
    fine_tuned_model: Any = None
    trained_tokens: Any = None
    error: Any = None
    metadata: Any = None


class _Listed(msgspec.Struct, frozen=True):
    data: list[msgspec.Raw] = []
    has_more: bool = False


class _File(msgspec.Struct, frozen=True):
    id: str


class TuningServer:
    """The API under `root`, called with `headers`. Whatever it refuses is UpstreamFailed with code REFUSED."""

    def __init__(self, root: str, headers: Mapping[str, str]) -> None:
        self._root = root
        self._headers = {name: value for name, value in headers.items() if name != "Content-Type"}

    def upload(self, name: str, file: IO[bytes]) -> str:
        """The id under which the server keeps a training file."""
        file.seek(0)
        files = {"file": (name, file, "application/jsonl")}
        body = self._asked("POST", "/files", data={"purpose": "fine-tune"}, files=files)
        return _known_id(_decoded(body, _File).id)

    def create(self, wanted: Mapping[str, Any]) -> Job:
        """Start a job."""
        return self._job(self._asked("POST", "/fine_tuning/jobs", json=wanted))

    def job(self, job_id: str) -> Job | None:
        """The job; None when the server does not know it."""
        try:
            return self._job(self._asked("GET", f"/fine_tuning/jobs/{quote(job_id, safe='')}"))
        except UpstreamFailed as error:
            if error.details.get("provider_status") == 404:
                return None
            raise

    def cancel(self, job_id: str) -> Job:
        """End a job."""
        return self._job(self._asked("POST", f"/fine_tuning/jobs/{quote(job_id, safe='')}/cancel"))

    def find(self, key: str, value: str) -> Job | None:
        """The newest job with that metadata; None when there is none among the latest 500."""
        wanted: dict[str, Any] = {"limit": _PAGE, f"metadata[{key}]": value}
        for _ in range(_MAX_PAGES):
            page = _decoded(self._asked("GET", "/fine_tuning/jobs", params=wanted), _Listed)
            found = list(self._readable(page))
            for job in found:  # whoever knows no filter answers with every job
                if (job.metadata or {}).get(key) == value:
                    return job
            if not page.has_more or not found:
                return None
            wanted["after"] = found[-1].id
        return None

    def _readable(self, page: _Listed) -> Iterator[Job]:
        """The jobs of a page; an odd one, whoever's it is, does not hide the others."""
        for one in page.data:
            with suppress(UpstreamFailed):
                yield self._job(bytes(one))

    def _job(self, body: bytes) -> Job:
        told: _Told = _decoded(body, _Told)
        name, status, error = told.fine_tuned_model or None, told.status, _message(told.error)
        if name is not None and not _is_callable(name):
            name = None
            if status == "succeeded":
                status, error = "failed", f"{_SERVER} gave the trained model a name by which it cannot be called"
        return Job(
            _known_id(told.id),
            status,
            name,
            trained_tokens=told.trained_tokens if _is_count(told.trained_tokens) else None,
            error=redacted(error, self._headers)[:_SHOWN] or None,
            metadata=told.metadata if isinstance(told.metadata, dict) else None,
        )

    def _asked(self, method: str, path: str, **sent: Any) -> bytes:
        with (
            http.failures("base", _SERVER),
            http.client("base", seconds=_SECONDS, trusted="") as client,
            client.stream(method, self._root + path, headers=self._headers, **sent) as response,
        ):
            body = b""
            for piece in response.iter_bytes():
                body += piece
                if len(body) > _MAX_ANSWER:
                    raise UpstreamFailed(f"base: {_SERVER} answers too much", field="base")
        if 200 <= response.status_code < 300:
            return body
        raise self._failure(response.status_code, body)

    def _failure(self, status: int, body: bytes) -> UpstreamFailed:
        message = redacted(_refusal(body), self._headers)
        code = REFUSED if 400 <= status < 500 and status != 408 else None  # 408: it may have been done
        said = f": {message[:_SHOWN]}" if message else ""
        return UpstreamFailed(f"{_SERVER} answered {status}{said}", code=code, provider_status=status)


def _refusal(body: bytes) -> str:
    """The message of a refusal in OpenAI's form, or ""."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return _message(document.get("error")) if isinstance(document, dict) else ""


def _message(error: Any) -> str:
    """The message of an error in OpenAI's form, or ""."""
    message = error.get("message") if isinstance(error, dict) else error
    return message if isinstance(message, str) else ""


def _is_callable(name: Any) -> bool:
    """Whether it can be the name of a model."""
    return isinstance(name, str) and len(name) <= _MAX_NAME and name.isprintable() and " " not in name


def _is_count(number: Any) -> bool:
    return type(number) is int and 0 <= number < 1 << 53


def _decoded(body: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UpstreamFailed(f"base: {_SERVER} does not answer as OpenAI does", field="base") from error


def _known_id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise UpstreamFailed(f"base: {_SERVER} answers with an id that cannot be used", field="base")
    return text
