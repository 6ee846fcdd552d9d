"""Identifiers. UUIDv7 (RFC 9562): a UUID whose text order is the order of creation."""

import os
import time
import uuid


def new_id() -> str:
    """A UUIDv7 as text; sorts by creation time to the millisecond."""
    raw = int.from_bytes((time.time_ns() // 1_000_000).to_bytes(6, "big") + os.urandom(10), "big")
    raw = raw & ~(0xF << 76) | 0x7 << 76
    raw = raw & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=raw))


def is_id(text: str) -> bool:
    """Whether `text` is a UUID in its canonical form."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
