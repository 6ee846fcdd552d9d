"""A folder or file that the hub stand-in serves as a dataset repository, in one revision or several."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

MAIN = "main"
_COMMIT_LENGTH = 40


class Content(NamedTuple):
    """A file as it is now: its size in bytes, the SHA-256 of its content and its id as a git blob, both in hex."""

    path: Path
    size: int
    sha256: str
    blob_id: str

    @property
    def commit(self) -> str:
        """What stands in for the commit's hash: it changes when the content does."""
        return self.sha256[:_COMMIT_LENGTH]


class Repository:
    """The files below a folder, or one single file under its own name; for several revisions, one by revision."""

    def __init__(self, root: Path | Mapping[str, Path]) -> None:
        self._roots = {MAIN: root} if isinstance(root, Path) else dict(root)

    def find(self, revision: str, path: str) -> Content | None:
        """The file at a path of a revision: a branch, a tag, or what `Content.commit` says. None when there is none."""
        if revision in self._roots:
            return _content(self._roots[revision], path)
        found = (_content(root, path) for root in self._roots.values())
        return next((content for content in found if content and content.commit == revision), None)

    def knows(self, revision: str, path: str) -> bool:
        """Whether there is such a revision, with or without the path."""
        return revision in self._roots or self.find(revision, path) is not None


def _content(root: Path, path: str) -> Content | None:
    """The file; None when it is not there or its path leads out of the root."""
    root = root.resolve()
    folder = root if root.is_dir() else root.parent
    try:
        found = (folder / path).resolve()
        if not found.is_relative_to(root) or not found.is_file():
            return None
        with found.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
            file.seek(0)
            blob = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
            while piece := file.read(1 << 20):
                blob.update(piece)
            return Content(found, size, sha256, blob.hexdigest())
    except (OSError, ValueError):  # a name too long, or with a NUL in it; a file that may not be read
        return None
