"""Makes moto's DynamoDB atomic and quick: the guarantees of the service that callers build upon.

moto loses updates under threads (one lock here), copies whole tables for one transaction (here only the touched
items are kept for a rollback) and sorts and measures the whole table for one query (here only what can match it).
"""

from __future__ import annotations

import copy
import inspect
import threading
from types import SimpleNamespace
from typing import Any

from moto.dynamodb import models
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from infra.local.backend.seams import replace
from infra.local.backend.state import TABLES

_transaction = threading.local()

_call_action = DynamoHandler.call_action
_transact_write_items = DynamoDBBackend.transact_write_items
_project = Item.project
_query = Table.query
_query_signature = inspect.signature(_query)


def install() -> None:
    """Serialise every action and replace the slow paths."""
    replace(DynamoHandler, "call_action", _one_at_a_time)
    replace(DynamoDBBackend, "transact_write_items", _transact)
    replace(Table, "query", _query_partition)
    replace(Item, "project", _project_attributes)
    replace(models, "copy", SimpleNamespace(deepcopy=_deepcopy, copy=copy.copy))


def _one_at_a_time(handler: Any) -> Any:
    with TABLES:
        return _call_action(handler)


def _deepcopy(value: Any) -> Any:
    """moto's own deepcopy, but a transaction's copy of the table is refused: `_transact` undoes by item."""
    if isinstance(value, Table) and getattr(_transaction, "running", False):
        return value
    return copy.deepcopy(value)


def _transact(backend: Any, transact_items: list[dict[str, Any]]) -> None:
    before = [_Snapshot(backend, operation) for item in transact_items for operation in item.values()]
    _transaction.running = True
    try:
        _transact_write_items(backend, transact_items)
    except BaseException:
        for snapshot in reversed(before):
            snapshot.restore()
        raise
    finally:
        _transaction.running = False


class _Snapshot:
    """One item as it was before the transaction."""

    def __init__(self, backend: Any, operation: dict[str, Any]) -> None:
        self._table = backend.tables.get(operation.get("TableName"))
        attributes = operation.get("Key") or operation.get("Item") or {}
        self._keys: tuple[Any, Any] | None = None
        if self._table is None or self._table.hash_key_attr not in attributes:
            return
        if self._table.has_range_key and self._table.range_key_attr not in attributes:
            return
        self._keys = backend.get_keys_value(self._table, attributes)
        # UpdateItem changes the stored object itself, so its old state has to be a copy.
        self._item = copy.deepcopy(self._table.get_item(*self._keys))

    def restore(self) -> None:
        if self._keys is None:
            return
        hash_key, range_key = self._keys
        parent, key = (self._table.items[hash_key], range_key) if range_key else (self._table.items, hash_key)
        if self._item is None:
            parent.pop(key, None)
        else:
            parent[key] = self._item


def _query_partition(table: Any, hash_key: Any, *arguments: Any, **options: Any) -> Any:
    """Query with the table narrowed to the items that can match; the lock makes the swap invisible."""
    everything = table.items
    asked = _query_signature.bind(table, hash_key, *arguments, **options).arguments
    conditions = asked.get("hash_key_conditions") or [(table.hash_key_attr, hash_key)]
    table.items = _candidates(table, dict(conditions))
    if asked["range_comparison"] and not asked.get("index_name"):
        table.items = _in_range(table.items, asked["range_comparison"], asked["range_objs"])
    try:
        return _query(table, hash_key, *arguments, **options)
    finally:
        table.items = everything


def _in_range(partitions: dict[Any, Any], comparison: str, values: Any) -> dict[Any, Any]:
    """The items whose sort keys match: moto works out the size of all that it looks at."""
    return {
        key: {sort: item for sort, item in items.items() if sort.compare(comparison, values)}
        for key, items in partitions.items()
    }


def _project_attributes(item: Any, paths: list[list[str]]) -> Any:
    """Attributes that are asked for as a whole are taken as they are; moto reads all of them anew for each."""
    if any(len(path) > 1 or "[" in path[0] for path in paths):
        return _project(item, paths)
    part = copy.copy(item)
    part.attrs = type(item.attrs)({name: item.attrs[name] for (name,) in paths if name in item.attrs})
    return part


def _candidates(table: Any, conditions: dict[str, Any]) -> dict[Any, Any]:
    """The part of `table.items` whose key attributes equal `conditions`: one partition, or a pass over all items."""
    partition = conditions.get(table.hash_key_attr)
    if partition is not None:
        return {partition: table.items[partition]} if partition in table.items else {}
    if not table.has_range_key:
        return {key: item for key, item in table.items.items() if _matches(item, conditions)}
    return {
        key: matching
        for key, items in table.items.items()
        if (matching := {sort: item for sort, item in items.items() if _matches(item, conditions)})
    }


def _matches(item: Any, conditions: dict[str, Any]) -> bool:
    return all(name in item.attrs and item.attrs[name] == value for name, value in conditions.items())
