"""Where traces live: batches of JSON lines in S3, with one small index item a batch in the table, newest first."""

from collections.abc import Iterable
from typing import Any

import msgspec

from gero.kit import blobs, new_id, table
from gero.traces import trace as traces
from gero.traces.trace import Source, Trace

_BATCHES_AFTER, _BATCHES_READ = 200, 500  # looked at for one trace, and for all of a call


class Page(msgspec.Struct, frozen=True):
    """A page of traces, and how much was read to find them."""

    traces: list[Trace]
    batch_count: int
    scanned_rows: int


def index_item(
    workspace_id: str, leaderboard_id: str, *, key: str, source: Source, count: int, run_id: str | None = None
) -> dict[str, Any]:
    """The table item that makes a written batch findable; for whoever writes it in a transaction of its own."""
    item = {"pk": _partition(workspace_id, leaderboard_id), "sk": f"TRACES#{new_id()}"}
    return item | {"key": key, "source": source, "count": count} | ({"run_id": run_id} if run_id else {})


def record(workspace_id: str, leaderboard_id: str, batch_name: str, source: Source, lines: list[bytes]) -> None:
    """Store a batch of traces. The same `batch_name` again writes the same object and the same index item."""
    key = f"{workspace_id}/{leaderboard_id}/traces/{batch_name}.jsonl.gz"
    blobs.put_lines(key, lines)
    item = index_item(workspace_id, leaderboard_id, key=key, source=source, count=len(lines))
    table.put(item | {"sk": f"TRACES#{batch_name}"})


def find(
    workspace_id: str,
    leaderboard_id: str,
    *,
    limit: int,
    offset: int,
    batch_limit: int,
    source: Source | None = None,
    run_id: str | None = None,
) -> Page:
    """The newest traces, after `offset` of them. Reads at most `batch_limit` batches; each trace appears once."""
    found: list[Trace] = []
    seen: set[str] = set()
    batches = scanned = 0
    for item in table.query(_partition(workspace_id, leaderboard_id), "TRACES#", newest_first=True):
        if (source and item["source"] != source) or (run_id and item.get("run_id") != run_id):
            continue
        if not batches and item["count"] <= offset:
            offset -= item["count"]  # the page begins behind this batch: no need to read it
            continue
        if batches == batch_limit or len(found) >= offset + limit:
            break
        batches += 1
        for line in reversed(blobs.get_lines(item["key"])):
            scanned += 1
            one = traces.decode(line)
            if one.trace_id not in seen:  # a redelivered message may have been stored twice
                seen.add(one.trace_id)
                found.append(one)
    return Page(found[offset : offset + limit], batches, scanned)


def by_ids(workspace_id: str, leaderboard_id: str, trace_ids: Iterable[str]) -> dict[str, Trace]:
    """The traces with these ids, of those that are found in the batches written soon after them."""
    wanted = set(trace_ids)
    found: dict[str, Trace] = {}
    seen: set[str] = set()
    for trace_id in sorted(wanted):
        # An id begins with the time of its trace, and so does the key of the batch that holds it, a little later.
        first = f"TRACES#{trace_id}"
        batches = table.query(_partition(workspace_id, leaderboard_id), "TRACES#", first=first, limit=_BATCHES_AFTER)
        for item in () if trace_id in found or len(seen) >= _BATCHES_READ else batches:
            if item["key"] not in seen:
                seen.add(item["key"])
                read = map(traces.decode, blobs.get_lines(item["key"]))
                found |= {one.trace_id: one for one in read if one.trace_id in wanted}
            if trace_id in found:
                break
    return found


def _partition(workspace_id: str, leaderboard_id: str) -> str:
    return f"WS#{workspace_id}#LB#{leaderboard_id}"
