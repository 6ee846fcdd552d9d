"""Dataset versions: immutable, numbered from 1, named by the hash of their rows. A run names the one it used."""

import gzip
import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO, cast

import msgspec

from gero.datasets import rows
from gero.datasets.rows import Row
from gero.kit import Conflict, Invalid, blobs, clock, conditions, table


class DatasetVersion(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a version is. `sha256` is over its rows as stored, uncompressed; `source` tells where they came from."""

    number: int
    rows: int
    sha256: str
    key: str
    created_at: str
    source: dict[str, str]


def freeze(workspace_id: str, leaderboard_id: str, found: Iterable[Row], source: dict[str, str]) -> DatasetVersion:
    """Store rows as a version; rows equal to those of the latest version are that version. Invalid when empty.

    Rows pass through a temporary file, so memory does not grow with them. `source` may be filled while rows are read.
    """
    with tempfile.TemporaryFile() as file:
        count, digest = _write(file, found)
        if count == 0:
            raise Invalid("the dataset has no rows", code="empty_dataset")
        while True:
            latest = latest_version(workspace_id, leaderboard_id)
            if latest and latest.sha256 == digest:
                return latest
            key = f"{workspace_id}/{leaderboard_id}/datasets/{digest}.jsonl.gz"
            version = DatasetVersion(
                number=latest.number + 1 if latest else 1,
                rows=count,
                sha256=digest,
                key=key,
                created_at=clock.iso(),
                source=source,
            )
            file.seek(0)
            blobs.put(key, file, "application/gzip")
            try:
                table.put(_item(workspace_id, leaderboard_id, version), conditions.absent())
            except Conflict:
                continue  # another freeze took the number: look again
            return version


def latest_version(workspace_id: str, leaderboard_id: str) -> DatasetVersion | None:
    """The newest version, or None before the first."""
    return next(iter(versions(workspace_id, leaderboard_id, limit=1)), None)


def versions(workspace_id: str, leaderboard_id: str, limit: int | None = None) -> Iterator[DatasetVersion]:
    """The versions, newest first."""
    found = table.query(_partition(workspace_id, leaderboard_id), "DATASET#", newest_first=True, limit=limit)
    for item in found:
        yield msgspec.json.decode(item["doc"], type=DatasetVersion)


def read(version: DatasetVersion) -> Iterator[bytes]:
    """The version's rows as encoded lines, in the order of their source."""
    with tempfile.TemporaryFile() as file:
        blobs.download(version.key, file)
        file.seek(0)
        with gzip.GzipFile(fileobj=file) as unzipped:
            for line in unzipped:
                yield line.removesuffix(b"\n")


def _write(file: IO[bytes], found: Iterable[Row]) -> tuple[int, str]:
    count, digest = 0, hashlib.sha256()
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6, mtime=0) as zipped:
        for row in found:
            line = rows.encode(row) + b"\n"
            digest.update(line)
            cast(IO[bytes], zipped).write(line)
            count += 1
    return count, digest.hexdigest()


def _item(workspace_id: str, leaderboard_id: str, version: DatasetVersion) -> table.Item:
    return {
        "pk": _partition(workspace_id, leaderboard_id),
        "sk": f"DATASET#{version.number:08}",
        "doc": msgspec.json.encode(version).decode(),
    }


def _partition(workspace_id: str, leaderboard_id: str) -> str:
    return f"WS#{workspace_id}#LB#{leaderboard_id}"
