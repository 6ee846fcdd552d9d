"""Single traces found by their ids, and where they are stored."""

from collections.abc import Iterable
from typing import Final

import msgspec

from gero.kit import blobs, is_id, table
from gero.traces import store
from gero.traces import trace as traces
from gero.traces.trace import Trace

CLAIM: Final = "RECORDED#"
"""Begins the sort key of an item that says in which batch a trace is whose id somebody else chose."""
_BATCHES_AFTER, _BATCHES_READ = 200, 500  # looked at for one trace, and for all of a call


class Located(msgspec.Struct, frozen=True):
    """A trace, the S3 key of its batch, and when that expires, in seconds since 1970."""

    trace: Trace
    key: str
    expires_at: int | None = None


def by_ids(workspace_id: str, leaderboard_id: str, trace_ids: Iterable[str]) -> dict[str, Trace]:
    """The traces with these ids, of those that are found in the batches written soon after them."""
    return {name: found.trace for name, found in locate(workspace_id, leaderboard_id, trace_ids).items()}


def locate(workspace_id: str, leaderboard_id: str, trace_ids: Iterable[str]) -> dict[str, Located]:
    """The same, with where they are stored."""
    search = _Search(store.partition(workspace_id, leaderboard_id), set(trace_ids))
    search.read_claimed()
    # What is no id has no time, and would let the search begin at the wrong place.
    for trace_id in sorted(filter(is_id, search.missing())):
        search.read_after(trace_id)
    return search.found


class _Search:
    """Batches are read once, whatever is looked for in them."""

    def __init__(self, partition: str, wanted: set[str]) -> None:
        self.found: dict[str, Located] = {}
        self._partition, self._wanted = partition, wanted
        self._read: set[str] = set()

    def missing(self) -> set[str]:
        """The ids that were not found."""
        return self._wanted - self.found.keys()

    def read_claimed(self) -> None:
        """Read the batches that are named with their traces."""
        for item in table.get_many((self._partition, f"{CLAIM}{one}") for one in self._wanted):
            if not store.has_expired(item):
                self._look_into(item)

    def read_after(self, trace_id: str) -> None:
        """Read the batches written soon after a trace, until it is found.

        Its id begins with its time, and so does the name of the batch that holds it, a little later.
        """
        first = f"{store.PREFIX}{trace_id}"
        for item in table.query(self._partition, store.PREFIX, first=first, limit=_BATCHES_AFTER):
            if trace_id in self.found or len(self._read) >= _BATCHES_READ:
                return
            if item.get("first_id", "") <= trace_id and not store.has_expired(item):
                self._look_into(item)

    def _look_into(self, item: table.Item) -> None:
        if item["key"] in self._read:
            return
        self._read.add(item["key"])
        for one in map(traces.decode, blobs.get_lines(item["key"])):
            if one.trace_id in self._wanted:
                self.found.setdefault(one.trace_id, Located(one, item["key"], item.get("expires_at")))
