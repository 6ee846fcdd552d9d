"""Counts the calls that may have changed a table or a bucket, so that an idle cloud saves nothing."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

from moto.dynamodb.responses import DynamoHandler
from moto.s3.responses import S3Response

from infra.local.backend.seams import replace
from infra.local.backend.wiring import current

_READS = frozenset({"GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan", "DescribeTable", "ListTables"})

_lock = threading.Lock()


def install() -> None:
    """Count from now on."""
    replace(DynamoHandler, "call_action", _counted(DynamoHandler.call_action, _changes_table))
    for name in ("bucket_response", "key_response"):
        replace(S3Response, name, _counted(getattr(S3Response, name), _changes_bucket))


def _counted(method: Callable[..., Any], changes: Callable[..., bool]) -> Callable[..., Any]:
    @functools.wraps(method)
    def counted(*arguments: Any, **options: Any) -> Any:
        try:
            return method(*arguments, **options)
        finally:
            # After the call: a save that runs beside it may miss the change, and then has to be followed by another.
            if changes(*arguments):
                with _lock:
                    current().writes += 1

    return counted


def _changes_table(handler: Any) -> bool:
    return handler._get_action() not in _READS


def _changes_bucket(response: Any, request: Any, *_: Any) -> bool:
    return request.method not in ("GET", "HEAD")
