"""Time, always UTC. Stored as ISO 8601 with milliseconds and a Z, so that text order is time order."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current time, timezone-aware, UTC."""
    return datetime.now(UTC)


def iso(moment: datetime | None = None) -> str:
    """`moment` (default: now) as `2026-07-01T00:00:00.000Z`."""
    moment = moment or now()
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """The inverse of `iso`."""
    return datetime.fromisoformat(text)
