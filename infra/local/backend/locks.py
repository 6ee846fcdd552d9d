"""One lock per service whose moto backend changes shared dictionaries without one.

DynamoDB, SQS and Step Functions have their own (in their modules); Lambda has none, because an invocation blocks.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

from moto.events.responses import EventsHandler
from moto.kms.responses import KmsResponse
from moto.s3.responses import S3Response
from moto.sts.responses import TokenResponse

from infra.local.backend.seams import replace
from infra.local.backend.state import BUCKETS


def install() -> None:
    """Serialise the calls of each service."""
    for response in (EventsHandler, KmsResponse, TokenResponse):
        _lock_methods(response, threading.RLock(), "call_action")
    _lock_methods(S3Response, BUCKETS, "bucket_response", "key_response")


def _lock_methods(response: Any, lock: threading.RLock, *names: str) -> None:
    for name in names:
        replace(response, name, _one_at_a_time(getattr(response, name), lock))


def _one_at_a_time(method: Callable[..., Any], lock: threading.RLock) -> Callable[..., Any]:
    @functools.wraps(method)
    def locked(*arguments: Any, **options: Any) -> Any:
        with lock:
            return method(*arguments, **options)

    return locked
