"""How traces are stored: batches of JSON lines in S3, with one small index item a batch in the table.

The name of a batch begins with an id of the time of its newest trace, so batches sort by time, and none holds traces of
more than a day (those of a paused run apart). With a retention, the object carries a tag that the bucket's lifecycle
goes by and the item the time at which the table drops it; what has expired is not shown from then on.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, Final

from gero.kit import blobs, clock, is_id, new_id, table
from gero.traces import trace as traces
from gero.traces.trace import Source, Trace

PREFIX: Final = "TRACES#"
RETENTION_TAG: Final = "gero-retention"
SPAN: Final = timedelta(days=1)
"""The most that lies between the first and the last trace of a batch."""
MAX_LINES: Final = 1000
_MAX_BYTES: Final = 4_000_000  # of a batch, before it is compressed, unless a single trace is larger


def index_item(
    workspace_id: str,
    leaderboard_id: str,
    *,
    key: str,
    source: Source,
    count: int,
    run_id: str | None = None,
    retention_days: int | None = None,
) -> dict[str, Any]:
    """The table item that makes a written batch findable; for whoever writes it in a transaction of its own."""
    item = {"pk": partition(workspace_id, leaderboard_id), "sk": f"{PREFIX}{new_id()}"}
    more: dict[str, Any] = {"key": key, "source": source, "count": count}
    if run_id:
        more |= {"run_id": run_id, "first_id": run_id}  # its traces come after it
    if retention_days:
        more["expires_at"] = expiry(retention_days)
    return item | more


def record(
    workspace_id: str,
    leaderboard_id: str,
    batch_name: str,
    source: Source,
    lines: list[bytes],
    *,
    retention_days: int | None = None,
    bounds: dict[str, str] | None = None,
) -> None:
    """Store a batch of traces. The same `batch_name` again writes the same object and the same index item."""
    key = put_batch(workspace_id, leaderboard_id, batch_name, lines, retention_days)
    item = index_item(
        workspace_id, leaderboard_id, key=key, source=source, count=len(lines), retention_days=retention_days
    )
    table.put(item | {"sk": f"{PREFIX}{batch_name}"} | (bounds or {}))


def record_all(
    workspace_id: str,
    leaderboard_id: str,
    source: Source,
    found: Iterable[Trace],
    retention_days: int | None = None,
) -> None:
    """Store traces with ids of ours, the oldest first, in batches named by what is in them.

    The same traces again are stored in the same places, others elsewhere. Memory does not grow with their number.
    """
    for batch in batches(found):
        ids = [one.trace_id for one in batch]
        content = hashlib.sha256("".join(ids).encode()).hexdigest()[:16]
        record(
            workspace_id,
            leaderboard_id,
            f"{max(ids)}-{content}",
            source,
            [traces.encode(one) for one in batch],
            retention_days=retention_days,
            bounds=bounds_of(batch),
        )


def batches(found: Iterable[Trace], most: int = MAX_LINES) -> Iterator[list[Trace]]:
    """Traces in their order, as many together as a batch may have."""
    batch: list[Trace] = []
    size, first, last = 0, math.inf, -math.inf
    for one in found:
        length, at = len(traces.encode(one)), _seconds(one)
        first, last = min(first, at), max(last, at)
        full = len(batch) == most or size + length > _MAX_BYTES or last - first > SPAN.total_seconds()
        if batch and full:
            yield batch
            batch, size, first, last = [], 0, at, at
        batch.append(one)
        size += length
    if batch:
        yield batch


def put_batch(
    workspace_id: str, leaderboard_id: str, batch_name: str, lines: list[bytes], retention_days: int | None
) -> str:
    """Write the object of a batch; its key."""
    key = f"{workspace_id}/{leaderboard_id}/traces/{batch_name}.jsonl.gz"
    blobs.put_lines(key, lines, {RETENTION_TAG: str(retention_days)} if retention_days else None)
    return key


def bounds_of(batch: list[Trace]) -> dict[str, str]:
    """What an index item says of what it holds: from which time on, and from which id on."""
    bounds = {"oldest_at": min(one.created_at for one in batch)}
    if all(is_id(one.trace_id) for one in batch):
        bounds["first_id"] = min(one.trace_id for one in batch)
    return bounds


def partition(workspace_id: str, leaderboard_id: str) -> str:
    """Where the index of a leaderboard's traces is, or of a Dr.Gero model's."""
    return f"WS#{workspace_id}#LB#{leaderboard_id}"


def expiry(retention_days: int) -> int:
    """When something that is written now expires, in seconds since 1970."""
    return int((clock.now() + timedelta(days=retention_days)).timestamp())


def has_expired(item: dict[str, Any]) -> bool:
    """Whether an item is only there because the table has not dropped it yet."""
    return bool(item.get("expires_at", 1 << 62) <= clock.now().timestamp())


def _seconds(trace: Trace) -> float:
    return clock.parse(trace.created_at).timestamp()
