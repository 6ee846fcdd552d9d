"""Signatures of webhooks by the Standard Webhooks specification (standardwebhooks.com), which receivers can check.

The signature is HMAC-SHA256 over "id.timestamp.body" under the decoded secret. Receivers refuse old timestamps, so a
message that was overheard cannot be sent again later, and know by its id one that came twice.
"""

import base64
import hashlib
import hmac
import secrets
from typing import Final

PREFIX: Final = "whsec_"
_BYTES = 32  # the specification asks for 24 to 64


def new_secret() -> str:
    """A random secret as text, `whsec_…`."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def headers(secret: str, message_id: str, timestamp: int, body: str) -> dict[str, str]:
    """The headers that carry and sign a message; `timestamp` in seconds of Unix time."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.digest(key, f"{message_id}.{timestamp}.{body}".encode(), hashlib.sha256)
    return {
        "Content-Type": "application/json",
        "User-Agent": "Gero-Webhook",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
