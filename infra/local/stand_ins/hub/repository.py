"""A folder or file that the hub stand-in serves as a dataset repository."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

_COMMIT_LENGTH = 40


class Content(NamedTuple):
    """A file as it is now: its size in bytes and the SHA-256 of its content in hex."""

    path: Path
    size: int
    sha256: str

    @property
    def commit(self) -> str:
        """What stands in for the commit's hash: it changes when the content does."""
        return self.sha256[:_COMMIT_LENGTH]


@dataclass(frozen=True)
class Repository:
    """The files below a folder, or one single file under its own name."""

    root: Path

    def find(self, path: str) -> Content | None:
        """The file at a path inside the repository; None when there is none or the path leads out of it."""
        root = self.root.resolve()
        folder = root if root.is_dir() else root.parent
        try:
            found = (folder / path).resolve()
            if not found.is_relative_to(root) or not found.is_file():
                return None
            with found.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                return Content(found, file.tell(), digest)
        except (OSError, ValueError):  # a name too long, or with a NUL in it; a file that may not be read
            return None
