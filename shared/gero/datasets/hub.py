"""Files on a Hugging Face hub: from the URL that a person copies to a stream of bytes."""

import re
from urllib.parse import quote, unquote, urlsplit

import msgspec

from gero.datasets import formats
from gero.kit import Invalid, settings

PUBLIC_HUB = "https://huggingface.co"
_HOSTS = {"huggingface.co", "www.huggingface.co", "hf.co", "www.hf.co"}
_NAME = r"\w[\w.-]*"
_REVISION = r"(?P<revision>refs/pr/\d+|refs/convert/[^/]+|[^/]+)"
_PAGE = re.compile(rf"datasets/(?P<repo>{_NAME}(?:/{_NAME})?)(?:/.*)?", re.ASCII)
_FILE = re.compile(rf"datasets/(?P<repo>{_NAME}(?:/{_NAME})?)/(?:resolve|blob|raw)/{_REVISION}/(?P<path>.+)", re.ASCII)
_SHORT = re.compile(rf"datasets/(?P<repo>{_NAME}/{_NAME})(?:@{_REVISION})?/(?P<path>.+)", re.ASCII)


class HubFile(msgspec.Struct, frozen=True):
    """A file of a dataset repository at a revision: a branch, a tag, a commit, or a ref such as `refs/pr/1`."""

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

    @property
    def page(self) -> str:
        """The dataset's page for people."""
        return f"{PUBLIC_HUB}/datasets/{self.repo}"


def parse_url(url: str) -> HubFile:
    """The file that a URL names, in `resolve`, `blob`, `raw`, `datasets/…` or `hf://` form. Invalid says what to do."""
    found = _match(url)
    if found is None:
        raise _refusal(
            "give a file of a Hugging Face dataset, such as "
            f"{PUBLIC_HUB}/datasets/OWNER/NAME/resolve/main/FILE.jsonl or hf://datasets/OWNER/NAME/FILE.jsonl"
        )
    if "path" not in found.groupdict():
        page = f"{PUBLIC_HUB}/datasets/{found['repo']}"
        raise _refusal(f"this is the dataset's page; give one of its files, such as {page}/resolve/main/FILE.jsonl")
    file = HubFile(**{name: unquote(value or "main") for name, value in found.groupdict().items()})
    if not {"", ".", ".."}.isdisjoint([file.revision, *file.path.split("/")]):
        raise _refusal("the path of the file must not hold . or .. or an empty name")
    formats.check_name(file.path, "dataset_url")
    return file


def _match(url: str) -> re.Match[str] | None:
    if url.startswith("hf://"):
        return _SHORT.fullmatch(url.removeprefix("hf://")) or _PAGE.fullmatch(url.removeprefix("hf://"))
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme:
        known = _HOSTS | {urlsplit(settings.hugging_face_endpoint()).hostname}
        path = parts.path.removeprefix("/") if parts.hostname in known else ""
        return _FILE.fullmatch(path) or _PAGE.fullmatch(path)
    return _FILE.fullmatch(parts.path) or _SHORT.fullmatch(parts.path) or _PAGE.fullmatch(parts.path)


def _refusal(message: str) -> Invalid:
    return Invalid(f"dataset_url: {message}", field="dataset_url")
