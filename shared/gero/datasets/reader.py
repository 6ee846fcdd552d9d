"""Rows out of lines: each line is validated, and every fault is told with its line number."""

from collections.abc import Iterable, Iterator
from typing import Any

import jsonlines
import msgspec

from gero.datasets import fields
from gero.datasets.rows import Row
from gero.kit import Invalid, TooLarge

MAX_ERRORS_TOLD = 20
MAX_ROWS = 1_000_000


class Reader:
    """Iterates over the valid, distinct rows of JSON lines and keeps count of the others."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.errors: list[dict[str, Any]] = []
        self.error_count = 0
        self.duplicates = 0
        self._lines = _Numbered(lines)
        self._seen: dict[int, int] = {}

    def __iter__(self) -> Iterator[Row]:
        reader = jsonlines.Reader(self._lines, loads=_loads)
        while True:
            try:
                document = reader.read(skip_empty=True)
            except EOFError:
                return
            except jsonlines.InvalidLineError as error:
                self._fault(str(error.args[0] if error.args else error))
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
            return fields.parse(document)
        except Invalid as error:
            self._fault(error.message, error.details.get("field"))
            return None

    def _is_new(self, row: Row) -> bool:
        identity, content = hash(row.id), hash((row.input, *row.expected))
        if identity not in self._seen:
            if len(self._seen) == MAX_ROWS:
                raise TooLarge(f"the dataset has more than {MAX_ROWS:,} rows", code="dataset_too_large")
            self._seen[identity] = content
            return True
        if self._seen[identity] == content:
            self.duplicates += 1
        else:
            self._fault(f"id: {row.id!r} was used before for another row", "id")
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


def _loads(text: str | bytes) -> Any:
    try:
        return msgspec.json.decode(text)  # strict: refuses NaN, which the standard library lets pass
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
