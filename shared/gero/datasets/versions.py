"""Dataset versions: immutable, numbered from 1, named by the hash of their rows. A run names the one it used.

A version is one S3 object of gzipped JSON lines. It consists of many small gzip members with an index beside it, so
that a page of rows is read without the rows before it, while every gzip tool reads the whole.
"""

import gzip
import hashlib
import tempfile
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import IO, Any

import msgspec

from gero.datasets import rows
from gero.datasets.rows import Row
from gero.kit import Conflict, Invalid, NotFound, blobs, clock, conditions, table
from gero.kit.table import Write

_MEMBER_ROWS, _MEMBER_BYTES = 500, 1 << 20


class DatasetVersion(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a version is. `sha256` is over its rows as stored, uncompressed; `source` tells where they came from."""

    number: int
    rows: int
    sha256: str
    key: str
    created_at: str
    source: dict[str, Any]


class Index(msgspec.Struct):
    """Where the gzip members start: the first row of each, its first byte, and the size of all."""

    first_rows: list[int]
    offsets: list[int]
    size: int


class Draft(msgspec.Struct, frozen=True):
    """Rows in a temporary file, ready to become a version."""

    file: Any
    index: Index
    rows: int
    sha256: str


@contextmanager
def drafted(found: Iterable[Row]) -> Iterator[Draft]:
    """Write rows to a temporary file, so that memory does not grow with them."""
    with tempfile.TemporaryFile() as file:
        members = _Members(file)
        for row in found:
            members.add(rows.encode(row) + b"\n")
        yield members.draft()


def publish(
    workspace_id: str,
    leaderboard_id: str,
    draft: Draft,
    number: int,
    source: dict[str, Any],
    also: Sequence[Write] = (),
) -> DatasetVersion:
    """Make a draft version `number`, with the writes of `also`, all or nothing. Conflict when the number is taken."""
    key = f"{workspace_id}/{leaderboard_id}/datasets/{draft.sha256}.jsonl.gz"
    version = DatasetVersion(
        number=number, rows=draft.rows, sha256=draft.sha256, key=key, created_at=clock.iso(), source=source
    )
    draft.file.seek(0)
    blobs.put(key, draft.file, "application/gzip")
    blobs.put(_index_key(version.key), msgspec.json.encode(draft.index), "application/json")
    table.transact([Write(_item(workspace_id, leaderboard_id, version), condition=conditions.absent()), *also])
    return version


def freeze(workspace_id: str, leaderboard_id: str, found: Iterable[Row], source: dict[str, Any]) -> DatasetVersion:
    """Store rows as a version; rows equal to those of the latest version are that version. Invalid when empty.

    `source` may be filled while rows are read.
    """
    with drafted(found) as draft:
        if draft.rows == 0:
            raise Invalid("the dataset has no rows", code="empty_dataset")
        while True:
            latest = latest_version(workspace_id, leaderboard_id)
            if latest and latest.sha256 == draft.sha256:
                return latest
            try:
                return publish(workspace_id, leaderboard_id, draft, latest.number + 1 if latest else 1, source)
            except Conflict:
                continue  # another freeze took the number: look again


def latest_version(workspace_id: str, leaderboard_id: str) -> DatasetVersion | None:
    """The newest version, or None before the first."""
    return next(iter(versions(workspace_id, leaderboard_id, limit=1)), None)


def version(workspace_id: str, leaderboard_id: str, number: int) -> DatasetVersion:
    """The version with that number. NotFound when there is none."""
    item = table.get(_partition(workspace_id, leaderboard_id), _sort_key(number), consistent=True)
    if item is None:
        raise NotFound(f"this dataset has no version {number}")
    return _decode(item)


def versions(workspace_id: str, leaderboard_id: str, limit: int | None = None) -> Iterator[DatasetVersion]:
    """The versions, newest first."""
    found = table.query(_partition(workspace_id, leaderboard_id), "DATASET#", newest_first=True, limit=limit)
    return map(_decode, found)


def read(version: DatasetVersion) -> Iterator[bytes]:
    """The version's rows as encoded lines, in the order of their source."""
    with tempfile.TemporaryFile() as file:
        blobs.download(version.key, file)
        file.seek(0)
        with gzip.GzipFile(fileobj=file) as unzipped:
            for line in unzipped:
                yield line.removesuffix(b"\n")


def page(version: DatasetVersion, offset: int, limit: int) -> Iterator[bytes]:
    """At most `limit` rows after the first `offset`, as encoded lines; reads only the members that hold them."""
    index = _index(version.key)
    starts = [*index.offsets, index.size]
    member = max(0, bisect_right(index.first_rows, offset) - 1)
    stop = min(offset + limit, version.rows)
    while offset < stop:
        first = offset - index.first_rows[member]
        lines = _member(version.key, starts[member], starts[member + 1])
        wanted = lines[first : first + stop - offset]
        yield from wanted
        offset += len(wanted)
        member += 1


@lru_cache(maxsize=16)  # an object is named by the hash of its rows, so it never changes
def _index(key: str) -> Index:
    """The index of the version whose rows lie at a key. NotFound when it is gone."""
    stored = blobs.get(_index_key(key))
    if stored is None:
        raise NotFound("the rows of this version are gone")
    return msgspec.json.decode(stored, type=Index)


@lru_cache(maxsize=4)  # of a megabyte each; the next page is often in the same one
def _member(key: str, start: int, stop: int) -> list[bytes]:
    return gzip.decompress(blobs.get_range(key, start, stop)).splitlines()


def signed_url(version: DatasetVersion, filename: str, seconds: int) -> str:
    """A URL from which anybody may download the version for `seconds`: JSON lines, compressed by gzip."""
    return blobs.signed_url(
        version.key,
        seconds,
        ResponseContentType="application/gzip",
        ResponseContentDisposition=f'attachment; filename="{filename}"',
    )


class _Members:
    """Writes lines as gzip members, and notes where each starts."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._index = Index([], [], 0)
        self._lines: list[bytes] = []
        self._bytes = 0
        self._rows = 0

    def add(self, line: bytes) -> None:
        self._lines.append(line)
        self._bytes += len(line)
        if len(self._lines) == _MEMBER_ROWS or self._bytes >= _MEMBER_BYTES:
            self._close_member()

    def draft(self) -> Draft:
        if self._lines:
            self._close_member()
        return Draft(self._file, self._index, self._rows, self._digest.hexdigest())

    def _close_member(self) -> None:
        content = b"".join(self._lines)
        self._digest.update(content)
        member = gzip.compress(content, compresslevel=6, mtime=0)
        self._file.write(member)
        self._index.first_rows.append(self._rows)
        self._index.offsets.append(self._index.size)
        self._index.size += len(member)
        self._rows += len(self._lines)
        self._lines, self._bytes = [], 0


def _item(workspace_id: str, leaderboard_id: str, version: DatasetVersion) -> table.Item:
    return {
        "pk": _partition(workspace_id, leaderboard_id),
        "sk": _sort_key(version.number),
        "doc": msgspec.json.encode(version).decode(),
    }


def _decode(item: table.Item) -> DatasetVersion:
    return msgspec.json.decode(item["doc"], type=DatasetVersion)


def _index_key(key: str) -> str:
    return key.removesuffix(".jsonl.gz") + ".index.json"


def _sort_key(number: int) -> str:
    return f"DATASET#{number:08}"


def _partition(workspace_id: str, leaderboard_id: str) -> str:
    return f"WS#{workspace_id}#LB#{leaderboard_id}"
