"""Pushed rows, durable but not yet part of a version, and how they become one."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import msgspec

from gero.datasets import rows, versions
from gero.datasets.rows import Row
from gero.datasets.versions import DatasetVersion
from gero.kit import Conflict, Invalid, clock, conditions, table

_DELETERS = 16
MAX_BYTES = 380_000  # a row waits as an item of the table, which may have 400 KB


class Pending(msgspec.Struct, frozen=True):
    """A pushed row with the key it waits under."""

    key: tuple[str, str]
    line: str
    received_at: str

    @property
    def row(self) -> Row:
        """The row itself."""
        return rows.decode(self.line.encode())


def accept(workspace_id: str, leaderboard_id: str, row: Row, batch_id: str) -> bool:
    """Keep a pushed row; False when it waits already, so that a retry is harmless. A new row replaces one with its id.

    Invalid when the row is too large to be pushed.
    """
    line = rows.encode(row)
    if len(line) > MAX_BYTES:
        raise Invalid(f"input: a pushed row may have {MAX_BYTES:,} bytes, this one has {len(line):,}", field="input")
    item = {
        "pk": _partition(workspace_id, leaderboard_id),
        "sk": f"ROW#{row.id}",
        "row": line.decode(),
        "batch_id": batch_id,
        "received_at": clock.iso(),
    }
    try:
        table.put(item, conditions.absent() | conditions.differs("row", item["row"]))
    except Conflict:
        return False
    return True


def waiting(workspace_id: str, leaderboard_id: str) -> Iterator[Pending]:
    """The rows that wait, in order of id."""
    for item in table.query(_partition(workspace_id, leaderboard_id), "ROW#"):
        yield Pending((item["pk"], item["sk"]), item["row"], item["received_at"])


def consolidate(workspace_id: str, leaderboard_id: str, max_rows: int) -> DatasetVersion | None:
    """Make waiting rows part of a new version, the newest `max_rows` kept; a pushed row replaces one with its id.

    The version is written before the rows stop waiting, so a crash between the two loses nothing: the next
    consolidation finds the same rows again and ends at the same version. None when there is nothing at all.
    """
    latest = versions.latest_version(workspace_id, leaderboard_id)
    pending = sorted(waiting(workspace_id, leaderboard_id), key=lambda one: one.received_at)
    if not pending:
        return latest
    merged = {row.id: row for row in map(rows.decode, versions.read(latest))} if latest else {}
    for one in pending:
        row = one.row
        merged.pop(row.id, None)
        merged[row.id] = row
    kept = list(merged.values())[-max_rows:]
    version = versions.freeze(workspace_id, leaderboard_id, kept, {"kind": "push"})
    with ThreadPoolExecutor(_DELETERS) as deleters:
        list(deleters.map(_forget, pending))
    return version


def _forget(one: Pending) -> None:
    with contextlib.suppress(Conflict):  # a newer row took its place meanwhile, and waits for the next version
        table.delete(*one.key, conditions.absent() | conditions.equals("row", one.line))


def _partition(workspace_id: str, leaderboard_id: str) -> str:
    return f"WS#{workspace_id}#LB#{leaderboard_id}#PENDING"
