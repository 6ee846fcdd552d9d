"""One download from the hub: what its first answer tells, then the bytes, then whether they arrived whole."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from gero.datasets.hub import HubFile
from gero.datasets.lines import GZIP_MAGIC, MAX_TOTAL_BYTES
from gero.datasets.refusals import refusal
from gero.kit import Invalid, TooLarge, UpstreamFailed, address, http

if TYPE_CHECKING:
    import httpx

MAX_SECONDS = 600  # what plans a run has 900
_MAX_REDIRECTS = 5
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Download:
    """A file of the hub, opened by `with`: the first answer is known, the bytes come when iterated over, once.

    `commit`, `etag` and `size` (bytes) are None where the hub does not tell them; `read`, `sha256` and `compressed`
    are of the bytes that have come. Invalid and UpstreamFailed have a code for each thing that can be wrong.
    """

    def __init__(self, file: HubFile, token: str | None = None, *, seconds: float = MAX_SECONDS) -> None:
        self.commit: str | None = None
        self.etag: str | None = None
        self.size: int | None = None
        self.read = 0
        self.compressed = False
        self._digest = hashlib.sha256()
        self._file = file
        self._token = token
        self._seconds = seconds
        self._redirects = 0
        self._open = ExitStack()

    @property
    def sha256(self) -> str:
        """Of the bytes that have come, as they came, in hex."""
        return self._digest.hexdigest()

    def __enter__(self) -> "Download":
        with ExitStack() as opened:
            self._client = opened.enter_context(
                http.client("dataset_url", seconds=self._seconds, trusted=self._file.url)
            )
            self._response = self._get(self._file.url)
            while self._response.has_redirect_location and self.etag is None:  # another name of the repository
                self._follow()
            self._open = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def __iter__(self) -> Iterator[bytes]:
        while self._response.has_redirect_location:
            self._follow()
        with http.failures("dataset_url", "the hub"):
            for piece in self._response.iter_raw(1 << 18):
                self.compressed = self.compressed or (not self.read and piece.startswith(GZIP_MAGIC))
                self.read += len(piece)
                self._digest.update(piece)
                _check_size(self.read)
                yield piece
        self._check_whole()

    def _get(self, url: str) -> "httpx.Response":
        # The token is for the hub alone: files are served by other hosts, to which it must not travel.
        on_hub = urlsplit(url)[:2] == urlsplit(self._file.url)[:2]
        token = self._token if on_hub else None
        headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {token}"} if token else {})
        with http.failures("dataset_url", "the hub"):
            response = self._client.send(self._client.build_request("GET", url, headers=headers), stream=True)
        if not response.has_redirect_location and response.status_code != 200:
            raise refusal(response, self._file, on_hub=on_hub, with_token=token is not None)
        self._note(response)
        return response

    def _note(self, response: "httpx.Response") -> None:
        """Keep what the hub tells of the file; it tells it first, whoever serves the bytes in the end."""
        headers = response.headers
        self.commit = self.commit or headers.get("X-Repo-Commit")
        own = (None, None) if response.has_redirect_location else (headers.get("ETag"), headers.get("Content-Length"))
        etag = self.etag or headers.get("X-Linked-ETag") or own[0]
        self.etag = etag.removeprefix("W/").strip('"') if etag else None
        size = headers.get("X-Linked-Size") or own[1]
        if self.size is None and size and size.isdecimal():
            self.size = int(size)
            _check_size(self.size)

    def _follow(self) -> None:
        """Ask where the hub redirects to."""
        self._redirects += 1
        if self._redirects > _MAX_REDIRECTS:
            raise UpstreamFailed(
                "dataset_url: the hub redirects in circles; try again", field="dataset_url", code="redirect_loop"
            )
        self._response.close()
        try:
            place = urljoin(str(self._response.url), self._response.headers["Location"])
            address.check_url(place, "dataset_url")
        except (Invalid, ValueError) as error:
            raise Invalid(
                f"dataset_url: the hub redirects to where Gero does not go ({error})",
                field="dataset_url",
                code="private_redirect",
            ) from error
        self._response = self._get(place)

    def _check_whole(self) -> None:
        if self.size is not None and self.read != self.size:
            raise UpstreamFailed(
                "dataset_url: the file was cut off on its way; try again", field="dataset_url", code="cut_off"
            )
        if _SHA256.fullmatch(self.etag or "") and self.etag != self.sha256:  # LFS
            raise UpstreamFailed(
                "dataset_url: the file arrived damaged; try again", field="dataset_url", code="damaged"
            )


def _check_size(size: int) -> None:
    if size > MAX_TOTAL_BYTES:
        raise TooLarge(
            "dataset_url: the file is larger than 2 GB; give a smaller one",
            field="dataset_url",
            code="dataset_too_large",
        )
