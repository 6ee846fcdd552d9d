"""The one DynamoDB table: typed reads and conditional writes over plain dicts with `pk` and `sk`.

Values are str, int, bool, bytes, None, lists and maps; never floats (money and statistics are integers).
"""

import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gero.kit import aws, settings
from gero.kit.conditions import Condition
from gero.kit.errors import Conflict, Unavailable
from gero.kit.wire import can_be_key, from_wire, to_wire

Item = dict[str, Any]
MAX_BATCH, MAX_BATCH_READ = 25, 100
MAX_WRITES = 100  # of one transaction
_CONFLICT_TRIES, _DELETED_AT_ONCE = 8, 500


@dataclass(frozen=True)
class Write:
    """One write of a transaction: a put (`item`), an update (`key` and changes), a delete (`key` alone), or none: only
    that `check` holds for the item at `key`.
    """

    item: Item | None = None
    key: tuple[str, str] | None = None
    changes: "Changes | None" = None
    condition: Condition | None = None
    check: Condition | None = None


@dataclass(frozen=True)
class Changes:
    """What an update does to attributes: set, set when absent, add to a number, remove."""

    set: Mapping[str, Any] | None = None
    add: Mapping[str, int] | None = None
    remove: Sequence[str] = ()
    default: Mapping[str, Any] | None = None

    def expression(self) -> tuple[str, dict[str, str], dict[str, Any]]:
        """The update expression with its names and values."""
        to_set, to_add, defaults = self.set or {}, self.add or {}, self.default or {}
        clauses = {
            "SET": [f"#{name} = :{name}" for name in to_set]
            + [f"#{name} = if_not_exists(#{name}, :{name})" for name in defaults],
            "ADD": [f"#{name} :{name}" for name in to_add],
            "REMOVE": [f"#{name}" for name in self.remove],
        }
        expression = " ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses.items() if parts)
        names = {f"#{name}": name for name in [*to_set, *defaults, *to_add, *self.remove]}
        values = {f":{name}": value for name, value in {**to_set, **defaults, **to_add}.items()}
        return expression, names, values


def get(pk: str, sk: str, *, consistent: bool = False) -> Item | None:
    """The item, or None."""
    key = {"pk": pk, "sk": sk}
    answer = _call("get_item", Key=to_wire(key), ConsistentRead=consistent) if can_be_key(pk, sk) else {}
    return from_wire(answer["Item"]) if "Item" in answer else None


def put(item: Item, condition: Condition | None = None) -> None:
    """Write a whole item. Conflict when the condition does not hold."""
    _call("put_item", Item=to_wire(item), **_expressions(condition))


def update(pk: str, sk: str, changes: Changes, condition: Condition | None = None) -> Item:
    """Change attributes of an item (made when absent) and return it as it is now. Conflict as in `put`."""
    arguments = _update_arguments(changes, condition)
    answer = _call("update_item", Key=to_wire({"pk": pk, "sk": sk}), ReturnValues="ALL_NEW", **arguments)
    return from_wire(answer["Attributes"])


def delete(pk: str, sk: str, condition: Condition | None = None) -> None:
    """Remove an item; nothing happens when it is not there."""
    _call("delete_item", Key=to_wire({"pk": pk, "sk": sk}), **_expressions(condition))


def get_many(keys: Iterable[tuple[str, str]], only: Sequence[str] = ()) -> Iterator[Item]:
    """The items that are there, or `only` these attributes; in no order, and one just written may be missing."""
    pending = [to_wire({"pk": pk, "sk": sk}) for pk, sk in keys if can_be_key(pk, sk)]
    name, attempt = settings.required("GERO_TABLE"), 0
    while pending:
        wanted = {"Keys": pending[:MAX_BATCH_READ], **_part(only)}
        answer = aws.client("dynamodb").batch_get_item(RequestItems={name: wanted})
        yield from map(from_wire, answer["Responses"].get(name, []))
        left = answer.get("UnprocessedKeys", {}).get(name, {}).get("Keys", [])
        pending = left + pending[MAX_BATCH_READ:]
        attempt = _pause(attempt) if left else 0


def query(
    pk: str,
    prefix: str = "",
    *,
    first: str | None = None,
    last: str | None = None,
    newest_first: bool = False,
    limit: int | None = None,
    only: Sequence[str] = (),
) -> Iterator[Item]:
    """Items of a partition whose `sk` starts with `prefix`, in order of `sk`, as they are at the moment.

    `first`, `last`: only from this `sk` on, and up to that one; both start with `prefix`. `only` these attributes.
    """
    values, condition = {":pk": pk}, "pk = :pk"
    if first is not None or last is not None:
        values |= {":first": first or prefix, ":last": last or prefix + "\uffff"}
        condition += " AND sk BETWEEN :first AND :last"
    elif prefix:
        values[":prefix"] = prefix
        condition += " AND begins_with(sk, :prefix)"
    arguments: dict[str, Any] = {
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": to_wire(values),
        "ScanIndexForward": not newest_first,
        "ConsistentRead": True,
        **_part(only),
    }
    yield from _pages(arguments, limit if can_be_key(pk, prefix) else 0)


def query_due(kind: str, until: str, limit: int) -> Iterator[Item]:
    """Items of the sparse index `due`: work of a kind whose `due_at` (ISO time) has come, oldest first."""
    arguments = {
        "IndexName": "due",
        "KeyConditionExpression": "due_kind = :kind AND due_at <= :until",
        "ExpressionAttributeValues": to_wire({":kind": kind, ":until": until}),
    }
    yield from _pages(arguments, limit)


def transact(writes: Sequence[Write]) -> None:
    """All writes or none. Conflict when a condition does not hold; contention is retried with jitter."""
    items = [_transact_item(write) for write in writes]
    for attempt in range(_CONFLICT_TRIES):
        try:
            aws.client("dynamodb").transact_write_items(TransactItems=items)
            return
        except Exception as error:
            if aws.error_code(error) != "TransactionCanceledException":
                raise
            reasons = [reason.get("Code") for reason in getattr(error, "response", {}).get("CancellationReasons", [])]
            if "ConditionalCheckFailed" in reasons:
                raise Conflict("the item was changed meanwhile", code="condition_failed", reasons=reasons) from error
            if not {"TransactionConflict", "ThrottlingError"} & set(reasons):
                raise
        time.sleep(random.uniform(0, 0.05 * 2**attempt))
    raise Unavailable("the table is busy; try again")


def delete_many(keys: Iterable[tuple[str, str]]) -> None:
    """Remove items, in batches; what the service hands back is sent again."""
    pending = [{"DeleteRequest": {"Key": to_wire({"pk": pk, "sk": sk})}} for pk, sk in keys]
    name, attempt = settings.required("GERO_TABLE"), 0
    while pending:
        answer = aws.client("dynamodb").batch_write_item(RequestItems={name: pending[:MAX_BATCH]})
        left = answer.get("UnprocessedItems", {}).get(name, [])
        pending = left + pending[MAX_BATCH:]
        attempt = _pause(attempt) if left else 0


def delete_partition(pk: str, until: float) -> bool:
    """Remove the items of a partition; False when the monotonic clock reached `until` before the last one."""
    keys: list[tuple[str, str]] = []
    for item in query(pk):
        keys.append((item["pk"], item["sk"]))
        if len(keys) == _DELETED_AT_ONCE:
            delete_many(keys)
            keys = []
            if time.monotonic() > until:
                return False
    delete_many(keys)
    return True


def _part(only: Sequence[str]) -> dict[str, Any]:
    """The arguments of a read that wants `only` these attributes, if any are named."""
    names = {f"#{name}": name for name in only}
    return {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names} if names else {}


def _pause(attempt: int) -> int:
    """Wait before the next attempt, and give its number."""
    if attempt == _CONFLICT_TRIES:
        raise Unavailable("the table is busy; try again")
    time.sleep(random.uniform(0, 0.05 * 2**attempt))
    return attempt + 1


def _pages(arguments: dict[str, Any], limit: int | None) -> Iterator[Item]:
    left = limit
    while left is None or left > 0:
        answer = _call("query", **arguments, **({} if left is None else {"Limit": left}))
        for item in answer["Items"]:
            yield from_wire(item)
        left = None if left is None else left - len(answer["Items"])
        if "LastEvaluatedKey" not in answer:
            return
        arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _call(operation: str, **arguments: Any) -> dict[str, Any]:
    call = getattr(aws.client("dynamodb"), operation)
    for attempt in range(_CONFLICT_TRIES):
        try:
            answer: dict[str, Any] = call(TableName=settings.required("GERO_TABLE"), **arguments)
            return answer
        except Exception as error:
            code = aws.error_code(error)
            if code == "ConditionalCheckFailedException":
                raise Conflict("the item was changed meanwhile", code="condition_failed") from error
            if code != "TransactionConflictException":  # a transaction on the same item is under way
                raise
        time.sleep(random.uniform(0, 0.05 * 2**attempt))
    raise Unavailable("the table is busy; try again")


def _transact_item(write: Write) -> dict[str, Any]:
    name = settings.required("GERO_TABLE")
    if write.item is not None:
        return {"Put": {"TableName": name, "Item": to_wire(write.item), **_expressions(write.condition)}}
    assert write.key is not None
    key = to_wire({"pk": write.key[0], "sk": write.key[1]})
    if write.check:
        return {"ConditionCheck": {"TableName": name, "Key": key, **_expressions(write.check)}}
    if write.changes is None:
        return {"Delete": {"TableName": name, "Key": key, **_expressions(write.condition)}}
    return {"Update": {"TableName": name, "Key": key, **_update_arguments(write.changes, write.condition)}}


def _update_arguments(changes: Changes, condition: Condition | None) -> dict[str, Any]:
    expression, names, values = changes.expression()
    return {"UpdateExpression": expression, **_expressions(condition, names, values)}


def _expressions(
    condition: Condition | None, names: Mapping[str, str] | None = None, values: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    arguments = {
        "ConditionExpression": condition.expression if condition else "",
        "ExpressionAttributeNames": {**(names or {}), **(condition.names if condition else {})},
        "ExpressionAttributeValues": to_wire({**(values or {}), **(condition.values if condition else {})}),
    }
    return {name: value for name, value in arguments.items() if value}
