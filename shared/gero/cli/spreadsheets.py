"""The rows of a CSV file as spreadsheets save it: the first line names the fields."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any, Final

from gero.cli.failure import Failure
from gero.cli.pushes import Record, parsed

_DELIMITERS: Final = ",;\t"
_MAX_CELL: Final = 4_000_000  # characters; the API takes less and says how much
_JSON_COLUMNS: Final = frozenset({"messages", "metadata", "tags"})


def csv_records(lines: Iterable[bytes]) -> Iterator[Record]:
    """The rows of a CSV file; empty cells are left out. Failure when it is no table of texts."""
    texts = _decoded(lines)
    header = next(texts, "")
    # Where the comma is the decimal sign, spreadsheets separate cells by semicolons.
    delimiter = max(_DELIMITERS, key=header.count)
    csv.field_size_limit(_MAX_CELL)
    names = _names(next(csv.reader([header], delimiter=delimiter), []))
    reader = csv.reader(texts, delimiter=delimiter, strict=True)
    start = 2
    try:
        for cells in reader:
            if any(cells):
                yield _record(start, names, cells)
            start = reader.line_num + 2
    except csv.Error as error:
        raise Failure(f"line {start}: not CSV: {error}") from error


def _decoded(lines: Iterable[bytes]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise Failure(f"line {number} is not UTF-8: save the file as CSV UTF-8") from error


def _names(header: list[str]) -> list[str]:
    names = [name.strip() for name in header]
    if not any(names):
        raise Failure("the first line is empty: it names the fields, such as input,expected")
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice:
        raise Failure(f"the first line names the field {twice!r} twice: rename one of them")
    return names


def _record(line: int, names: list[str], cells: list[str]) -> Record:
    if len(cells) > len(names):
        return Record(line, 0, fault=f"{len(cells)} cells, but the first line names {len(names)} fields")
    row = {name: _value(name, cell) for name, cell in zip(names, cells, strict=False) if name and cell}
    return Record(line, sum(len(cell.encode()) for cell in cells), row)


def _value(name: str, cell: str) -> Any:
    if name not in _JSON_COLUMNS:
        return cell
    try:
        return parsed(cell)
    except ValueError:
        return cell  # the API says what it should have been
