"""Takes the work out of moto's request path that does not depend on the request: the same answers, sooner.

Measured with one warm client: a GetItem took 4.7 ms of processor time and a Query of a hundred items 75 ms, most of it
for listing moto's own folders, inspecting its classes and serializing through the service model.
"""

from __future__ import annotations

import base64
import json
from functools import cache
from typing import Any

import moto.backends
import moto.core.responses
from moto.core.utils import method_names_from_class
from moto.dynamodb.responses import DynamoResult

from infra.local.backend.seams import replace

# Operations whose results are plain attribute maps; those that describe tables hold dates and objects.
_PLAIN = frozenset(f"{verb}Item" for verb in ("Get", "Put", "Update", "Delete")) | {
    "Query",
    "Scan",
    "BatchGetItem",
    "BatchWriteItem",
    "TransactGetItems",
    "TransactWriteItems",
}
_HEADERS = {"Content-Type": "application/x-amz-json-1.0"}

_execute_result = DynamoResult.execute_result


def install() -> None:
    """Replace the slow parts."""
    modules = tuple(moto.backends.list_of_moto_modules())
    replace(moto.backends, "list_of_moto_modules", lambda: modules)
    replace(moto.core.responses, "method_names_from_class", cache(method_names_from_class))
    replace(DynamoResult, "execute_result", _execute)


def _execute(result: Any, context: Any) -> Any:
    if context.operation_model.name not in _PLAIN:
        return _execute_result(result, context)
    members = {name: value for name, value in result.result.items() if value is not None}
    return 200, dict(_HEADERS), json.dumps(members, default=_binary)


def _binary(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} in a result of DynamoDB")
