"""Files on a Hugging Face hub: from the URL that a person copies to a stream of bytes."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urljoin, urlsplit

import msgspec

from gero.kit import Invalid, UpstreamFailed, address, settings

if TYPE_CHECKING:
    import httpx

_PATH = re.compile(
    r"/datasets/(?P<repo>[\w.-]+(?:/[\w.-]+)?)/(?:resolve|blob|raw)/(?P<revision>[^/]+)/(?P<path>.+)", re.ASCII
)
_SCHEME = re.compile(r"hf://datasets/(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[^/]+))?/(?P<path>.+)", re.ASCII)
_PUBLIC_HUB = "huggingface.co"
_MAX_REDIRECTS = 5
_TIMEOUT_SECONDS = 30


class HubFile(msgspec.Struct, frozen=True):
    """A `.jsonl` or `.jsonl.gz` file of a dataset repository at a revision."""

    repo: str
    revision: str
    path: str

    @property
    def url(self) -> str:
        """Where this deployment's hub serves the file."""
        return (
            f"{settings.hugging_face_endpoint()}/datasets/{self.repo}/resolve/"
            f"{quote(self.revision, safe='')}/{quote(self.path)}"
        )


def parse_url(url: str) -> HubFile:
    """The file that a URL names, in `resolve`, `blob`, `raw` or `hf://` form. Invalid says what is expected."""
    match = _SCHEME.fullmatch(url) or _on_the_hub(url)
    found = {name: unquote(value or "main") for name, value in match.groupdict().items()} if match else {}
    if not found or ".." in found["path"].split("/"):
        raise Invalid(
            "dataset_url: give a Hugging Face dataset file, such as "
            "https://huggingface.co/datasets/OWNER/NAME/resolve/main/FILE.jsonl",
            field="dataset_url",
        )
    if not found["path"].endswith((".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz", ".json", ".json.gz")):
        raise Invalid("dataset_url: the file must be .jsonl or .jsonl.gz", field="dataset_url")
    return HubFile(**found)


def _on_the_hub(url: str) -> re.Match[str] | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    hosts = (_PUBLIC_HUB, urlsplit(settings.hugging_face_endpoint()).hostname)
    return _PATH.fullmatch(parts.path) if parts.hostname in hosts else None


class Download:
    """An open download: iterate over its bytes once; `revision` is the commit that the hub served, if it said so."""

    def __init__(self, file: HubFile, token: str | None = None) -> None:
        self.revision: str | None = None
        self._file = file
        self._token = token

    def __iter__(self) -> Iterator[bytes]:
        import httpx  # workers import this slice without it

        try:
            with httpx.Client(timeout=_TIMEOUT_SECONDS) as client:
                yield from self._follow(client, self._file.url)
        except httpx.HTTPError as error:
            raise UpstreamFailed(
                f"dataset_url: no answer from the hub ({type(error).__name__}); try again", field="dataset_url"
            ) from error

    def _follow(self, client: "httpx.Client", url: str) -> Iterator[bytes]:
        hub = urlsplit(url)[:2]
        for _ in range(_MAX_REDIRECTS):
            # The token is for the hub alone: files are served by other hosts, to which it must not travel.
            authorized = self._token and urlsplit(url)[:2] == hub
            headers = {"Authorization": f"Bearer {self._token}"} if authorized else {}
            with client.stream("GET", url, headers=headers) as response:
                self.revision = response.headers.get("X-Repo-Commit") or self.revision
                if response.is_redirect:
                    url = urljoin(url, response.headers["Location"])
                    address.check_url(url, "dataset_url")
                    continue
                self._check(response)
                yield from response.iter_raw(1 << 18)
                return
        raise UpstreamFailed("dataset_url: the hub redirects in circles", field="dataset_url")

    def _check(self, response: "httpx.Response") -> None:
        if response.status_code in (401, 403):
            raise Invalid(
                "dataset_url: the hub refuses access; a private or gated dataset needs a Hugging Face token that "
                "has been granted access",
                field="dataset_url",
                code="dataset_forbidden",
            )
        if response.status_code == 404:
            raise Invalid("dataset_url: there is no such file on the hub", field="dataset_url", code="no_such_dataset")
        if response.status_code != 200:
            raise UpstreamFailed(
                f"dataset_url: the hub answered {response.status_code}; try again", field="dataset_url"
            )
