"""Pushed rows that wait to be consolidated: batches, each an item of the table with its rows inside or in S3."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from gero.kit import Conflict, blobs, conditions, table
from gero.kit.table import Write

# Up to here an item is cheaper than an S3 object: its write and its deletion cost two units a KB each, a PUT eight.
_INLINE_BYTES = 2000


class PendingBatch(msgspec.Struct, frozen=True):
    """Rows that were accepted together, or ids of rows to remove."""

    pk: str
    sk: str
    count: int = 0
    text: str | None = None
    key: str | None = None
    removed: list[str] = []

    @property
    def name(self) -> str:
        """An id of the time at which it came, and its place in its request."""
        return self.sk.removeprefix("PUSHED#")

    def lines(self) -> list[bytes]:
        """The rows, encoded, in the order in which they were pushed. Conflict when they wait no more."""
        if self.key:
            lines = blobs.get_lines(self.key)
            if not lines:
                raise Conflict("another consolidation has taken these rows")
            return lines
        return self.text.encode().split(b"\n") if self.text else []

    def deletion(self) -> Write:
        """The write that takes the batch away, unless another consolidation has."""
        return Write(key=(self.pk, self.sk), condition=conditions.present())


def keep(workspace_id: str, leaderboard_id: str, name: str, lines: Sequence[bytes]) -> Write:
    """The write that lets rows wait; those too long for an item are stored in S3 before.

    Names are in the order in which the requests came, and none is ever used twice.
    """
    if sum(map(len, lines)) <= _INLINE_BYTES:
        content = {"text": b"\n".join(lines).decode()}
    else:
        content = {"key": f"{workspace_id}/{leaderboard_id}/pushed/{name}.jsonl.gz"}
        blobs.put_lines(content["key"], list(lines))
    return _write(workspace_id, leaderboard_id, name, {"count": len(lines), **content})


def discard(writes: Iterable[Write]) -> None:
    """Delete what `keep` has stored for writes that were refused."""
    blobs.delete_many([write.item["key"] for write in writes if write.item and "key" in write.item])


def removal(workspace_id: str, leaderboard_id: str, name: str, row_ids: Sequence[str]) -> Write:
    """The write that lets the removal of rows wait for its turn."""
    return _write(workspace_id, leaderboard_id, name, {"removed": list(row_ids)})


def waiting(workspace_id: str, leaderboard_id: str, limit: int | None = None) -> list[PendingBatch]:
    """The batches that wait, in the order of their arrival; of more than `limit` the oldest."""
    items = table.query(_partition(workspace_id, leaderboard_id), "PUSHED#", limit=limit)
    return [msgspec.convert(item, PendingBatch) for item in items]


def _write(workspace_id: str, leaderboard_id: str, name: str, content: dict[str, Any]) -> Write:
    item = {"pk": _partition(workspace_id, leaderboard_id), "sk": f"PUSHED#{name}"}
    return Write(item | content, condition=conditions.absent())


def _partition(workspace_id: str, leaderboard_id: str) -> str:
    return f"WS#{workspace_id}#LB#{leaderboard_id}"
