"""The time in an id: traces and their batches are named so that the order of names is the order of time (UUIDv7)."""

import hashlib
import uuid
from datetime import UTC, datetime

from gero.kit import is_id

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def first_id(moment: datetime) -> str:
    """The lowest id of its millisecond; nothing before 1970 has another."""
    digits = f"{_milliseconds(moment):012x}"
    return f"{digits[:8]}-{digits[8:]}-7000-8000-000000000000"


def id_of(moment: datetime, *seed: str | bytes) -> str:
    """An id of that time which is the same whenever it is made of the same."""
    digest = hashlib.blake2b(digest_size=10)
    for one in seed:
        digest.update(one.encode("utf-8", "surrogatepass") if isinstance(one, str) else one)
        digest.update(b"\0")
    raw = int.from_bytes(_milliseconds(moment).to_bytes(6, "big") + digest.digest(), "big")
    raw = raw & ~(0xF << 76) | 0x7 << 76
    return str(uuid.UUID(int=raw & ~(0x3 << 62) | 0x2 << 62))


def moment_of(trace_id: str) -> datetime | None:
    """The time in an id; None when it is no id, and so has none."""
    if not is_id(trace_id):
        return None
    try:
        return datetime.fromtimestamp(int(trace_id[:8] + trace_id[9:13], 16) / 1000, UTC)
    except (ValueError, OverflowError, OSError):  # an id of another kind
        return None


def _milliseconds(moment: datetime) -> int:
    return max(0, min((1 << 48) - 1, int((moment - _EPOCH).total_seconds() * 1000)))
