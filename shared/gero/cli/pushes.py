"""The rows of a local JSONL file in batches that the API takes, each row with its line number."""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from os import fstat
from typing import Any, BinaryIO, Final, cast

from gero.cli.failure import Failure

ROWS_PER_BATCH: Final = 100
BYTES_PER_BATCH: Final = 2_000_000
"""Well below the 6 MB that a Lambda function is given; a row larger than this is sent alone."""
_GZIP_MAGIC: Final = b"\x1f\x8b"


@dataclass
class Batch:
    """Rows to send and their line numbers, from 1, and the faults of lines that cannot be sent."""

    rows: list[Any] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)
    size: int = 0

    def has_room(self, line: bytes) -> bool:
        """Whether this line belongs into the batch; an empty batch has room for any."""
        lines = len(self.rows) + len(self.faults)
        return not lines or (lines < ROWS_PER_BATCH and self.size + len(line) <= BYTES_PER_BATCH)

    def add(self, number: int, line: bytes) -> None:
        """Add the row of a line, or the fault that it is none."""
        try:
            self.rows.append(json.loads(line, parse_constant=_refuse_constant))
        except ValueError as error:
            self.faults.append({"line": number, "field": None, "error": f"not JSON: {error}"})
        else:
            self.lines.append(number)
            self.size += len(line)


class RowFile:
    """A file of lines that may be compressed; `position` and `size` are in bytes of the file as stored."""

    def __init__(self, stored: BinaryIO, lines: BinaryIO) -> None:
        self._stored = stored
        self._lines = lines
        self.size = fstat(stored.fileno()).st_size if stored.seekable() else None

    @property
    def position(self) -> int | None:
        """How far it was read; None for a pipe."""
        return self._stored.tell() if self.size is not None else None

    def __iter__(self) -> Iterator[bytes]:
        """Its lines; Failure when compressed data is damaged."""
        try:
            yield from self._lines
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise Failure(f"the file is damaged: {error}") from error


def open_rows(stored: BinaryIO) -> RowFile:
    """The lines of an open file, uncompressed when its first bytes are those of gzip, whatever its name says."""
    start = stored.peek(len(_GZIP_MAGIC))[: len(_GZIP_MAGIC)] if hasattr(stored, "peek") else b""
    if start == _GZIP_MAGIC:
        return RowFile(stored, cast(BinaryIO, gzip.GzipFile(fileobj=stored)))
    return RowFile(stored, stored)


def batches(lines: RowFile) -> Iterator[Batch]:
    """The rows in order; empty lines are skipped."""
    batch = Batch()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if not batch.has_room(line):
            yield batch
            batch = Batch()
        batch.add(number, line)
    if batch.rows or batch.faults:
        yield batch


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is a number of Python's, not of JSON")
