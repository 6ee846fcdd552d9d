"""Rows out of lines: each line is validated, and every fault is told with its line number."""

import re
from array import array
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import jsonlines
import msgspec

from gero.datasets import fields
from gero.datasets.rows import Row
from gero.kit import Invalid, TooLarge

MAX_ERRORS_TOLD = 20
MAX_ROWS = 1_000_000
MAX_CONTAINERS = 200_000  # in one line: a list of nothing has 3 bytes there and 60 in memory
_NO_NUMBER = re.compile(r"[:\[,]\s*(-?Infinity|NaN)\s*[,\]}]")
_HIGH, _LOW = r"\\u[dD][89abAB][0-9a-fA-F]{2}", r"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_HALF_PAIR = re.compile(f"{_HIGH}(?!{_LOW})|(?<!{_HIGH}){_LOW}")


class Reader:
    """Iterates over the valid, distinct rows of JSON lines and keeps count of the others.

    `mapping`: where the objects have the fields of a row (`gero.datasets.fields`).
    """

    def __init__(self, lines: Iterable[bytes], mapping: Mapping[fields.Field, str] = fields.NOTHING) -> None:
        self.errors: list[dict[str, Any]] = []
        self.error_count = 0
        self.duplicates = 0
        self._lines = _Numbered(lines)
        self._mapping = mapping
        self._seen = _Seen()

    def __iter__(self) -> Iterator[Row]:
        reader = jsonlines.Reader(self._lines, loads=_loads)
        while True:
            try:
                document = reader.read(skip_empty=True, allow_none=True)
            except EOFError:
                return
            except jsonlines.InvalidLineError as error:
                self._fault(_told(error.__cause__))
                continue
            row = self._row(document)
            if row and self._is_new(row):
                yield row

    def check(self) -> None:
        """Invalid, with the first faults and their lines, when any line was faulty."""
        if self.error_count:
            first = self.errors[0]
            more = f" and {self.error_count - 1:,} more" if self.error_count > 1 else ""
            raise Invalid(
                f"the dataset has faulty lines: line {first['line']}: {first['error']}{more}",
                code="invalid_dataset",
                errors=self.errors,
                error_count=self.error_count,
            )

    def _row(self, document: Any) -> Row | None:
        try:
            return fields.parse(document, self._mapping, {"line": self._lines.number})
        except Invalid as error:
            self._fault(error.message, error.details.get("field"))
            return None

    def _is_new(self, row: Row) -> bool:
        earlier = self._seen.add(hash(row.id), hash((row.input, *row.expected)), self._lines.number)
        if not earlier:
            if self._seen.count > MAX_ROWS:
                raise TooLarge(f"the dataset has more than {MAX_ROWS:,} rows", code="dataset_too_large")
            return True
        line, same = earlier
        if same:
            self.duplicates += 1
        else:
            self._fault(f"id: {row.id!r} was used in line {line} for another row", "id")
        return False

    def _fault(self, error: str, field: str | None = None) -> None:
        self.error_count += 1
        if len(self.errors) < MAX_ERRORS_TOLD:
            self.errors.append({"line": self._lines.number, "field": field, "error": error})


class _Numbered:
    """Counts the lines that pass, empty ones included."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.number = 0
        self._lines = iter(lines)

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines:
            self.number += 1
            yield line


class _Seen:
    """The hashes of ids that came, with the hash of their content and their line.

    An open-addressing table of arrays: 40 MB for a million ids (70 while it grows), where a dictionary takes 130.
    """

    def __init__(self) -> None:
        self.count = 0
        self._make(1024)

    def add(self, identity: int, content: int, line: int) -> tuple[int, bool] | None:
        """Note an id; None when it is new, else the line it came in and whether with the same content."""
        identity = identity or 1  # 0 is a free place
        place = self._place(identity)
        if self._ids[place]:
            return self._lines[place], self._contents[place] == content
        self._ids[place], self._contents[place], self._lines[place] = identity, content, line
        self.count += 1
        if 3 * self.count > 2 * len(self._ids):
            self._grow()
        return None

    def _place(self, identity: int) -> int:
        ids, mask = self._ids, len(self._ids) - 1
        place = identity & mask
        while ids[place] not in (0, identity):
            place = (place + 1) & mask
        return place

    def _make(self, places: int) -> None:
        self._ids, self._contents = array("q", bytes(8 * places)), array("q", bytes(8 * places))
        self._lines = array("I", bytes(4 * places))

    def _grow(self) -> None:
        ids, contents, lines = self._ids, self._contents, self._lines
        self._make(2 * len(ids))
        for identity, content, line in zip(ids, contents, lines, strict=True):
            if identity:
                place = self._place(identity)
                self._ids[place], self._contents[place], self._lines[place] = identity, content, line


def _loads(text: str | bytes) -> Any:
    text = str(text)
    if len(text) > MAX_CONTAINERS and text.count("[") + text.count("{") > MAX_CONTAINERS:
        raise ValueError(f"more than {MAX_CONTAINERS:,} objects and lists in one row")
    try:
        return msgspec.json.decode(text)  # strict: refuses NaN, which the standard library lets pass
    except RecursionError as error:
        raise ValueError("too many objects or lists inside each other") from error
    except msgspec.DecodeError as error:
        raise ValueError(f"not JSON: {_fault_of(text, str(error))}") from error


def _fault_of(text: str, fault: str) -> str:
    if found := _NO_NUMBER.search(text):
        return f"{found[1]}; write null, or leave the field out"
    if "truncated" in fault or "surrogate" in fault:
        lone = _HALF_PAIR.search(text)
        return f"{lone[0]} is half of a character; write the other half too" if lone else "it ends in the middle"
    return fault.removeprefix("JSON is malformed: ").partition(" - at ")[0]


def _told(cause: BaseException | None) -> str:
    if isinstance(cause, UnicodeDecodeError):
        return f"not UTF-8 (byte {cause.object[cause.start]:#04x} at {cause.start}); save the file as UTF-8"
    return str(cause)
