"""The only door to AWS, and what every slice needs of the standard library's edges. Light: boto3 comes on first use."""

from gero.kit import address, blobs, clock, conditions, http, log, money, queues, secrets, settings, table, workflows
from gero.kit.errors import (
    Conflict,
    Forbidden,
    GeroError,
    Invalid,
    NotFound,
    PaymentRequired,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UpstreamFailed,
)
from gero.kit.ids import is_id, new_id

__all__ = [
    "Conflict",
    "Forbidden",
    "GeroError",
    "Invalid",
    "NotFound",
    "PaymentRequired",
    "TooLarge",
    "Unauthenticated",
    "Unavailable",
    "UpstreamFailed",
    "address",
    "blobs",
    "clock",
    "conditions",
    "http",
    "is_id",
    "log",
    "money",
    "new_id",
    "queues",
    "secrets",
    "settings",
    "table",
    "workflows",
]
