"""What AWS charges: operations counted where they leave the process, at list prices (DESIGN §8)."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from gero.kit import aws

# List prices in USD, eu-west-1, on demand, November 2026: a request, a write or read unit, a GB-second on arm64.
S3_PUT, S3_GET, SQS, KMS = 5.4e-6, 0.43e-6, 0.4e-6, 3e-6
DYNAMODB_WRITE, DYNAMODB_READ = 0.705e-6, 0.141e-6
HTTP_API, LAMBDA_REQUEST, LAMBDA_GB_SECOND = 1.11e-6, 0.2e-6, 13.3334e-6
CPU_GB = 1.769  # Lambda gives a whole processor to so much memory, and a share of one to less
_BY_UNITS = ("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "TransactWriteItems")
CALLS = {
    "PutObject": S3_PUT,
    "ListObjectsV2": S3_PUT,
    "GetObject": S3_GET,
    "DeleteObjects": 0.0,
    "SendMessageBatch": SQS,
    "ChangeMessageVisibility": SQS,
    "Decrypt": KMS,
    "SendTaskSuccess": 0.0,
    **dict.fromkeys(_BY_UNITS, 0.0),
}
_SERVICES = ("s3", "dynamodb", "sqs", "kms", "stepfunctions")


@dataclass
class Bill:
    """Calls by their names, and the units that DynamoDB charges for."""

    calls: Counter[str] = field(default_factory=Counter)
    writes: int = 0
    reads: float = 0

    def dollars(self) -> float:
        """What the operations cost."""
        calls = sum(CALLS[name] * count for name, count in self.calls.items())
        return calls + self.writes * DYNAMODB_WRITE + self.reads * DYNAMODB_READ


class Meter:
    """Counts the calls of Gero's clients.

    A write is a unit a KB, twice that in a transaction, and one time more for an item in the index of due work. A read
    is a unit for 4 KB, half a unit when it need not be consistent.
    """

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}  # of what was put, by key: a deletion is charged by what it deletes
        self._indexed: set[str] = set()
        self._bill = Bill()

    def bill(self) -> Bill:
        """What was counted since the last bill."""
        bill, self._bill = self._bill, Bill()
        return bill

    def note(self, name: str, request: dict[str, Any], answer: dict[str, Any]) -> None:
        """Count a call that was answered."""
        self._bill.calls[name] += 1
        match name:
            case "UpdateItem" | "PutItem":
                self._bill.writes += self._written(request, 1)
            case "TransactWriteItems":
                writes = [write for item in request["TransactItems"] for write in item.values()]
                self._bill.writes += sum(self._written(write, 2) for write in writes)
            case "GetItem":
                self._bill.reads += _read(_bytes(answer.get("Item", {})), request)
            case "BatchGetItem":  # each key is read, found or not; what Gero reads so is never longer than 4 KB
                self._bill.reads += 0.5 * sum(len(wanted["Keys"]) for wanted in request["RequestItems"].values())
            case "Query":
                self._bill.reads += _read(sum(map(_bytes, answer["Items"])), request)

    def _written(self, write: dict[str, Any], times: int) -> int:
        item, names = write.get("Item", {}), write.get("ExpressionAttributeNames", {}).values()
        key = json.dumps([(item or write["Key"])[name] for name in ("pk", "sk")])
        if item:
            self._sizes[key] = _bytes(item)
        if "due_kind" in [*item, *names]:
            self._indexed.add(key)
        units = _units(self._sizes.get(key, 0), 1024)  # what is only ever updated is short
        return units * (times + (key in self._indexed))


@contextmanager
def metered() -> Iterator[Meter]:
    """Count the calls of this process."""
    meter = Meter()

    def before(params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        context["gero_request"] = json.loads(params["body"]) if "X-Amz-Target" in params["headers"] else {}

    def after(parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        meter.note(model.name, context["gero_request"], parsed)

    hooks = [aws.client(service).meta.events for service in _SERVICES]
    for events in hooks:
        events.register("before-call.*", before)
        events.register("after-call.*", after)
    try:
        yield meter
    finally:
        for events in hooks:
            events.unregister("before-call.*", before)
            events.unregister("after-call.*", after)


def _read(size: int, request: dict[str, Any]) -> float:
    return _units(size, 4096) * (1 if request.get("ConsistentRead") else 0.5)


def _units(size: int, unit: int) -> int:
    return max(1, -(-size // unit))


def _bytes(item: dict[str, Any]) -> int:
    """The size of an item as DynamoDB counts it."""
    return sum(len(name.encode()) + _value_bytes(typed) for name, typed in item.items())


def _value_bytes(typed: dict[str, Any]) -> int:
    ((kind, value),) = typed.items()
    if kind == "M":
        return 3 + len(value) + _bytes(value)
    if kind == "L":
        return 3 + sum(1 + _value_bytes(one) for one in value)
    return len(value.encode()) if isinstance(value, str) else 1
