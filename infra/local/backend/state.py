"""Reads and writes what moto's services hold, past their APIs: at one moment for all of them, and quickly.

Pages of Scan and ListObjects are of different moments; a transaction may lie between two of them.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from infra.local.backend.wiring import ACCOUNT, REGION

if TYPE_CHECKING:  # moto is imported when it is used: the start has checked its version by then
    from moto.dynamodb.models.dynamo_type import DynamoType
    from moto.s3.models import FakeKey

# Every call of DynamoDB holds the one, every call of S3 the other.
TABLES, BUCKETS = threading.RLock(), threading.RLock()

Wire = dict[str, Any]  # an item as DynamoDB's JSON: numbers are text, bytes are base64


class NoSuchPlaceError(LookupError):
    """The deployment has no table, bucket or key of this name."""


@contextmanager
def standing_still() -> Iterator[None]:
    """No table and no bucket changes meanwhile."""
    with TABLES, BUCKETS:
        yield


def items() -> Iterator[tuple[str, Wire]]:
    """Every item with the name of its table. Only while standing still."""
    for name, table in _tables().items():
        for partition in table.items.values():
            for item in partition.values() if table.has_range_key else [partition]:
                yield name, {attribute: _wire(value) for attribute, value in item.attrs.items()}


def put_item(table: str, item: Wire) -> None:
    """Put an item as `items` gave it."""
    if table not in _tables():
        raise NoSuchPlaceError(f"table {table}")
    _tables()[table].put_item({name: _parsed(value) for name, value in item.items()})


def objects() -> list[FakeKey]:
    """The newest version of every object; such a one never changes."""
    from moto.s3.models import FakeKey

    with BUCKETS:
        newest = [versions[-1] for bucket in _buckets().values() for _, versions in bucket.keys.lists() if versions]
    return [one for one in newest if isinstance(one, FakeKey)]  # the others mark what was deleted


def body(found: FakeKey) -> bytes | None:
    """An object's bytes, None when it was removed for good meanwhile."""
    with BUCKETS:
        if found.disposed:
            return None
        content: bytes = found.value
        return content


def put_object(bucket: str, key: str, content: bytes, metadata: dict[str, str]) -> FakeKey:
    """Put an object; `metadata` are its content type and its like."""
    if bucket not in _buckets():
        raise NoSuchPlaceError(f"bucket {bucket}")
    with BUCKETS:
        made: FakeKey = _s3().put_object(bucket, key, content, disable_notification=True)
        made.set_metadata(dict(metadata))
    return made


def name_key(key_id: str, wanted: str) -> tuple[str, str]:
    """Give a key just created another id, so that what it seals can be opened after a restart; its new id and ARN."""
    keys = _keys()
    key = keys[wanted] = keys.pop(key_id)
    key.id, key.arn = wanted, key.arn.replace(key_id, wanted)
    return wanted, key.arn


def key_materials() -> Iterator[tuple[str, bytes]]:
    """Id and key material of the symmetric keys of the deployment, but not of AWS-managed ones."""
    for key_id, key in _keys().items():
        managed = any(alias.startswith("alias/aws/") for alias in key.aliases)
        if key.key_spec == "SYMMETRIC_DEFAULT" and not managed:
            yield key_id, key.key_material


def put_key(key_id: str, material: bytes) -> None:
    """Give a key of the deployment its old material."""
    found = _keys().get(key_id)
    if found is None:
        raise NoSuchPlaceError(f"key {key_id}")
    found.key_material = material


def _keys() -> dict[str, Any]:
    from moto.kms.models import kms_backends

    keys: dict[str, Any] = kms_backends[ACCOUNT][REGION].keys
    return keys


def _tables() -> dict[str, Any]:
    from moto.dynamodb.models import dynamodb_backends

    tables: dict[str, Any] = dynamodb_backends[ACCOUNT][REGION].tables
    return tables


def _buckets() -> dict[str, Any]:
    buckets: dict[str, Any] = _s3().buckets
    return buckets


def _s3() -> Any:
    from moto.s3.models import s3_backends

    return s3_backends[ACCOUNT]["aws"]


def _wire(value: DynamoType) -> Wire:
    content = value.value
    if isinstance(content, dict):
        return {value.type: {name: _wire(one) for name, one in content.items()}}
    if value.type == "L":
        return {"L": [_wire(one) for one in content]}
    if value.type == "BS":
        return {"BS": [base64.b64encode(one).decode() for one in content]}
    return {value.type: base64.b64encode(content).decode() if value.type == "B" else content}


def _parsed(wire: Wire) -> Wire:
    """The inverse of `_wire`, as moto's request parser leaves it: bytes are bytes."""
    [(kind, content)] = wire.items()
    if kind == "M":
        return {"M": {name: _parsed(one) for name, one in content.items()}}
    if kind == "L":
        return {"L": [_parsed(one) for one in content]}
    if kind == "BS":
        return {"BS": [base64.b64decode(one) for one in content]}
    return {kind: base64.b64decode(content) if kind == "B" else content}
