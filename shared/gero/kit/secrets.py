"""Secrets at rest: sealed by the deployment's KMS key, bound to a context (workspace and owner of the secret).

A sealed secret opened under another context is refused by KMS, so a copied row opens nothing.
"""

import base64
import threading
import time

from gero.kit import aws, settings

_KEPT_SECONDS = 300
_opened: dict[tuple[str, str], tuple[float, str]] = {}
_lock = threading.Lock()


def seal(secret: str, context: dict[str, str]) -> str:
    """Encrypt a secret of at most 4 KB; the answer is text fit for the table."""
    answer = aws.client("kms").encrypt(
        KeyId=settings.required("GERO_KEY_ID"), Plaintext=secret.encode(), EncryptionContext=context
    )
    return base64.b64encode(answer["CiphertextBlob"]).decode()


def unseal(sealed: str, context: dict[str, str]) -> str:
    """The secret; kept in the process for minutes, since each KMS call costs time and money."""
    key = (sealed, repr(sorted(context.items())))
    with _lock:
        kept = _opened.get(key)
    if kept and kept[0] > time.monotonic():
        return kept[1]
    answer = aws.client("kms").decrypt(
        KeyId=settings.required("GERO_KEY_ID"), CiphertextBlob=base64.b64decode(sealed), EncryptionContext=context
    )
    secret: str = answer["Plaintext"].decode()
    with _lock:
        _opened[key] = (time.monotonic() + _KEPT_SECONDS, secret)
    return secret


def forget() -> None:
    """Drop what was opened; for tests."""
    with _lock:
        _opened.clear()
