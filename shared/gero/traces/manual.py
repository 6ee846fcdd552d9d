"""Traces that people record. An id of their own is claimed together with its batch, so that it is stored once."""

from collections.abc import Collection, Sequence
from typing import Any

from gero.kit import Conflict, Unavailable, blobs, clock, conditions, is_id, new_id, table
from gero.kit.table import Write
from gero.traces import store, times
from gero.traces import trace as traces
from gero.traces.located import CLAIM
from gero.traces.trace import Trace

_CLAIMS_AT_ONCE = table.MAX_WRITES - 1  # beside them: the batch
_TRIES = 5


def add(
    workspace_id: str,
    leaderboard_id: str,
    found: Sequence[Trace],
    chosen: Collection[str],
    retention_days: int | None = None,
) -> set[str]:
    """Store traces; `chosen` are the ids among theirs that clients chose. Returns those of them that were known.

    Known ones stay as they are. Unavailable: others add the same at the same time; try again.
    """
    adding = _Adding(workspace_id, leaderboard_id, set(chosen), retention_days)
    known = adding.known({one.trace_id for one in found} & adding.chosen)
    fresh = [one for one in found if one.trace_id not in known]
    for batch in store.batches(sorted(fresh, key=lambda one: one.created_at), _CLAIMS_AT_ONCE):
        known |= adding.store(batch)
    return known


def own_id(created_at: str) -> str:
    """An id for a trace without one, of the time at which it was made."""
    return times.id_of(clock.parse(created_at), new_id())


class _Adding:
    """One request on its way into the store."""

    def __init__(self, workspace_id: str, leaderboard_id: str, chosen: set[str], retention_days: int | None) -> None:
        self.chosen = chosen
        self._owner = workspace_id, leaderboard_id
        self._retention_days = retention_days

    def known(self, ids: set[str]) -> set[str]:
        """Those that were claimed before."""
        items = table.get_many(map(self._claim_key, ids))
        return {item["sk"].removeprefix(CLAIM) for item in items if not store.has_expired(item)}

    def store(self, batch: list[Trace]) -> set[str]:
        """Store a batch, but for what others claim meanwhile; the ids of that."""
        known: set[str] = set()
        for _ in range(_TRIES):
            if not batch:
                return known
            claimed = [one.trace_id for one in batch if one.trace_id in self.chosen]
            index = self._put(batch)
            try:
                table.transact([Write(index), *(self._claim(one, index) for one in claimed)])
            except Conflict as error:
                blobs.delete_many([index["key"]])
                reasons = error.details["reasons"][1:]
                taken = {one for one, why in zip(claimed, reasons, strict=True) if why == "ConditionalCheckFailed"}
                known |= taken
                batch = [one for one in batch if one.trace_id not in taken]
            else:
                return known
        raise Unavailable("these traces are being recorded by others; try again")

    def _put(self, batch: list[Trace]) -> dict[str, Any]:
        """Write the object of a batch; its index item."""
        lines = [traces.encode(one) for one in batch]
        # Behind every id of its traces, even of those made in its millisecond.
        newest = max(
            [times.first_id(clock.parse(batch[-1].created_at)), *(filter(is_id, (one.trace_id for one in batch)))]
        )
        name = f"{newest}-{new_id()[-12:]}"
        key = store.put_batch(*self._owner, name, lines, self._retention_days)
        item = store.index_item(
            *self._owner, key=key, source="manual", count=len(batch), retention_days=self._retention_days
        )
        return item | {"sk": f"{store.PREFIX}{name}"} | store.bounds_of(batch)

    def _claim(self, trace_id: str, index: dict[str, Any]) -> Write:
        pk, sk = self._claim_key(trace_id)
        expires = {"expires_at": index["expires_at"]} if "expires_at" in index else {}
        free = conditions.absent() | conditions.at_most("expires_at", int(clock.now().timestamp()))
        return Write({"pk": pk, "sk": sk, "key": index["key"], **expires}, condition=free)

    def _claim_key(self, trace_id: str) -> tuple[str, str]:
        return store.partition(*self._owner), f"{CLAIM}{trace_id}"
