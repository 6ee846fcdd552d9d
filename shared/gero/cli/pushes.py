"""The rows of a local JSONL file, each with its line number, and batches that the API takes."""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from os import fstat
from typing import Any, BinaryIO, Final, cast

from gero.cli.failure import Failure

ROWS_PER_BATCH: Final = 100
BYTES_PER_BATCH: Final = 2_000_000
"""Well below the 6 MB that a Lambda function is given; a row larger than this is sent alone."""
_GZIP_MAGIC: Final = b"\x1f\x8b"


@dataclass(frozen=True)
class Record:
    """A row of a file, or the fault that there is none; `line` counts from 1, `size` is in bytes."""

    line: int
    size: int
    row: Any = None
    fault: str | None = None


@dataclass
class Batch:
    """Rows to send and their line numbers, and the faults of lines that cannot be sent."""

    rows: list[Any] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)
    size: int = 0

    def has_room(self, record: Record) -> bool:
        """Whether this record belongs into the batch; an empty batch has room for any."""
        count = len(self.rows) + len(self.faults)
        return not count or (count < ROWS_PER_BATCH and self.size + record.size <= BYTES_PER_BATCH)

    def add(self, record: Record) -> None:
        """Add a row, or a fault."""
        if record.fault is not None:
            self.faults.append({"line": record.line, "field": None, "error": record.fault})
            return
        self.rows.append(record.row)
        self.lines.append(record.line)
        self.size += record.size


class RowFile:
    """A file of lines that may be compressed; `position` and `size` are in bytes of the file as stored."""

    def __init__(self, stored: BinaryIO) -> None:
        start = stored.peek(len(_GZIP_MAGIC))[: len(_GZIP_MAGIC)] if hasattr(stored, "peek") else b""
        zipped = start == _GZIP_MAGIC  # whatever its name says
        self._stored = stored
        self._lines = cast(BinaryIO, gzip.GzipFile(fileobj=stored)) if zipped else stored
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


def json_records(lines: Iterable[bytes]) -> Iterator[Record]:
    """The rows of JSON lines; empty lines are skipped."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield Record(number, len(line), parsed(line.decode()))
        except ValueError as error:
            yield Record(number, len(line), fault=f"not JSON: {error}")


def parsed(text: str) -> Any:
    """The value of a JSON text. ValueError for what Python reads but cannot be sent: NaN, half a surrogate pair."""
    value = json.loads(text, parse_constant=_refuse_constant)
    if r"\ud" in text.casefold():
        json.dumps(value, ensure_ascii=False).encode()
    return value


def batches(records: Iterable[Record]) -> Iterator[Batch]:
    """The records in order."""
    batch = Batch()
    for record in records:
        if not batch.has_room(record):
            yield batch
            batch = Batch()
        batch.add(record)
    if batch.rows or batch.faults:
        yield batch


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is a number of Python's, not of JSON")
