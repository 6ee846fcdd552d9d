"""The secret that signs what browsers keep: made once for a deployment, sealed in the table, read once by a process."""

import hashlib
import hmac
import secrets as randomness
import threading

from gero.kit import Conflict, conditions, secrets, table

_PLACE = ("SIGNING", "KEY")
_CONTEXT = {"owner": "signing-key"}
_BYTES = 32
_known: list[bytes] = []
_lock = threading.Lock()


def key() -> bytes:
    """The secret, 32 random bytes: the same in every process of the deployment."""
    with _lock:
        if not _known:
            _known.append(bytes.fromhex(secrets.unseal(_sealed(), _CONTEXT)))
        return _known[0]


def mac(text: str) -> str:
    """What only we can make of a text: its HMAC-SHA256 in hex."""
    return hmac.new(key(), text.encode(), hashlib.sha256).hexdigest()


def forget() -> None:
    """Drop what was read; for tests."""
    with _lock:
        _known.clear()


def _sealed() -> str:
    item = table.get(*_PLACE, consistent=True)
    if item is None:
        made = secrets.seal(randomness.token_hex(_BYTES), _CONTEXT)
        try:
            table.put({"pk": _PLACE[0], "sk": _PLACE[1], "sealed_key": made}, conditions.absent())
            return made
        except Conflict:  # another process made one at the same moment: that one counts
            return _sealed()
    return str(item["sealed_key"])
