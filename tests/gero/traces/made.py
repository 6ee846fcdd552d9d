"""Traces for tests, with ids of a time of their own."""

from datetime import UTC, datetime, timedelta
from typing import Any

from gero import traces
from gero.kit import clock, new_id
from gero.traces import Source, Trace, times

START = datetime(2026, 3, 1, tzinfo=UTC)


def moment(minute: float) -> datetime:
    """So many minutes after the first trace."""
    return START + timedelta(minutes=minute)


def trace(minute: float = 0, source: Source = "inference", **fields: Any) -> Trace:
    """A trace of that minute."""
    at = moment(minute)
    own = {"trace_id": times.id_of(at, str(minute)), "created_at": clock.iso(at), "input": f"asked at {minute}"}
    return Trace(source=source, **{**own, **fields})


def record(*found: Trace, batch: str | None = None, retention_days: int | None = None, leaderboard: str = "l") -> None:
    """Store traces as one batch."""
    lines = [traces.encode(one) for one in found]
    traces.record("w", leaderboard, batch or new_id(), found[0].source, lines, retention_days=retention_days)


def inputs(page: traces.Page) -> list[str]:
    """The minutes of the traces on a page, in order."""
    return [one.input.removeprefix("asked at ") for one in page.traces]
