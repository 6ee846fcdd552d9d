"""What changed from one version to another, row by row, by id. Where a row came from is not part of what it says."""

import hashlib
from collections.abc import Iterator
from itertools import islice

import msgspec

from gero.datasets import rows, versions
from gero.datasets.rows import Row
from gero.datasets.versions import DatasetVersion
from gero.kit import TooLarge

MAX_ROWS = 200_000  # of both versions together: what fits into one answer's time
_COMPARED = ("input", "expected", "rubric", "metadata", "tags")
_encode = msgspec.json.Encoder(order="deterministic").encode


class Change(msgspec.Struct, frozen=True):
    """A row that says something else, and which of its fields do."""

    id: str
    fields: list[str]
    before: Row
    after: Row


class Comparison(msgspec.Struct):
    """Counts of rows, and the first examples of each kind."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    unchanged: int = 0
    examples_added: list[Row] = msgspec.field(default_factory=list)
    examples_removed: list[Row] = msgspec.field(default_factory=list)
    examples_changed: list[Change] = msgspec.field(default_factory=list)


def compare(before: DatasetVersion, after: DatasetVersion, examples: int) -> Comparison:
    """The difference, with at most `examples` of each kind. TooLarge: export the versions and compare them yourself."""
    if before.rows + after.rows > MAX_ROWS:
        raise TooLarge(
            f"at most {MAX_ROWS:,} rows can be compared here, these versions have {before.rows + after.rows:,}; "
            "export both",
            limit=MAX_ROWS,
        )
    old = {row.id: _said(row) for row in _rows(before)}
    found, changed = Comparison(), dict[str, Row]()
    for new in _rows(after):
        said = old.pop(new.id, None)
        if said is None:
            found.added += 1
            if found.added <= examples:
                found.examples_added.append(new)
        elif said == _said(new):
            found.unchanged += 1
        else:
            found.changed += 1
            if found.changed <= examples:
                changed[new.id] = new
    found.removed = len(old)
    removed = list(islice(old, examples))
    earlier = _some(before, {*changed, *removed})
    found.examples_removed = [earlier[row_id] for row_id in removed]
    found.examples_changed = [_change(earlier[row_id], new) for row_id, new in changed.items()]
    return found


def _rows(version: DatasetVersion) -> Iterator[Row]:
    return map(rows.decode, versions.read(version))


def _some(version: DatasetVersion, ids: set[str]) -> dict[str, Row]:
    return {row.id: row for row in _rows(version) if row.id in ids} if ids else {}


def _said(row: Row) -> bytes:
    """Stands for a row while it is compared: all rows of a version may be more than fits into memory."""
    said = _encode([getattr(row, name) for name in _COMPARED])
    return hashlib.blake2b(said, digest_size=16).digest()


def _change(old: Row, new: Row) -> Change:
    fields = [name for name in _COMPARED if _encode(getattr(old, name)) != _encode(getattr(new, name))]
    return Change(new.id, fields, old, new)
