"""The texts of tokens: a prefix, the ids that find the token's record, randomness. Only digests of them are kept."""

import base64
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Mapping
from datetime import timedelta

from gero.kit import Invalid, clock

LIFETIMES = {
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
    "180d": timedelta(days=180),
    "1y": timedelta(days=365),
}
_RANDOM_BYTES = 22


def make(prefix: str, *ids: str) -> str:
    """A new secret text that carries UUIDs."""
    raw = b"".join(uuid.UUID(one).bytes for one in ids) + secrets.token_bytes(_RANDOM_BYTES)
    return prefix + base64.urlsafe_b64encode(raw).decode().rstrip("=")


def ids(prefix: str, text: str, count: int) -> tuple[str, ...] | None:
    """The UUIDs that a text carries; None when it is no such text."""
    if not text.startswith(prefix):
        return None
    encoded = text.removeprefix(prefix)
    try:
        raw = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        return tuple(str(uuid.UUID(bytes=raw[16 * place : 16 * place + 16])) for place in range(count))
    except ValueError:
        return None


def digest(text: str) -> str:
    """What is kept of a text: its SHA-256 in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def opens(digest: str, current: str, previous: str | None, previous_until: str | None) -> bool:
    """Whether a text with this digest is the current secret, or the one before it while that still works."""
    in_time = previous is not None and previous_until is not None and previous_until > clock.iso()
    return any(hmac.compare_digest(one, digest) for one in (current, previous if in_time else None) if one)


def bearer(headers: Mapping[str, str]) -> str:
    """What `Authorization: Bearer` holds, or `""`."""
    scheme, _, credential = headers.get("authorization", "").partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else ""


def expiry(expires_in: str | None) -> str | None:
    """When a token of that lifetime ends, as ISO text; None for one without end. Invalid on another lifetime."""
    if expires_in in (None, "none"):
        return None
    if expires_in not in LIFETIMES:
        raise Invalid(f"expires_in: use one of none, {', '.join(LIFETIMES)}", field="expires_in")
    return clock.iso(clock.now() + LIFETIMES[expires_in])
