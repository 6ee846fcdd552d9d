"""What the traces tell of a dataset: each row that was pushed, once it is part of a version."""

import time
from collections.abc import Iterator

from gero import datasets, traces
from gero.datasets import DatasetVersion, PushRules, Row
from gero.kit import clock
from gero.leaderboards.leaderboard import Leaderboard
from gero.traces import Trace, times

_SEARCH_SECONDS = 180.0  # for patterns in texts; a consolidation must end in time, so the rest is recorded without


def consolidate(leaderboard: Leaderboard, rules: PushRules) -> DatasetVersion | None:
    """Consolidate what was pushed to a leaderboard, as `datasets.consolidate` does, and record the rows that enter.

    They are recorded before the version is there, so that none is missed when a process dies; consolidated again, they
    have the same traces in the same places.
    """
    owner = leaderboard.workspace_id, leaderboard.id

    def entering(found: Iterator[tuple[str, Row]]) -> None:
        kept = _captured(leaderboard, found)
        traces.record_all(*owner, "dataset", kept, leaderboard.traces.retention_days)

    return datasets.consolidate(*owner, rules, entering)


def _captured(leaderboard: Leaderboard, found: Iterator[tuple[str, Row]]) -> Iterator[Trace]:
    settings = leaderboard.traces
    until = time.monotonic() + _SEARCH_SECONDS
    for batch, row in found:
        content = settings.capture_content and time.monotonic() < until
        yield traces.captured(_trace(leaderboard.id, batch, row), content=content, redact=settings.redact)


def _trace(leaderboard_id: str, batch: str, row: Row) -> Trace:
    pushed_at = times.moment_of(batch.partition("#")[0]) or clock.now()
    return Trace(
        trace_id=times.id_of(pushed_at, leaderboard_id, batch, row.id),
        source="dataset",
        created_at=clock.iso(pushed_at),
        input=row.input,
        expected=row.expected or None,
        row_id=row.id,
        metadata=row.metadata or None,
    )
