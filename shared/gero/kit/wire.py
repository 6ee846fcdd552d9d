"""Python values to the typed form of DynamoDB's wire and back."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_MAX_PK, _MAX_SK = 2048, 1024  # bytes


def can_be_key(pk: str, sk: str) -> bool:
    """Whether there can be such a key: DynamoDB refuses requests with longer ones."""
    return len(pk.encode()) <= _MAX_PK and len(sk.encode()) <= _MAX_SK


def to_wire(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item for a request."""
    from boto3.dynamodb.types import TypeSerializer

    serialize = TypeSerializer().serialize
    return {name: serialize(value) for name, value in item.items()}


def from_wire(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item of an answer; numbers are int."""
    from boto3.dynamodb.types import TypeDeserializer

    deserialize = TypeDeserializer().deserialize
    return {name: _python(deserialize(value)) for name, value in item.items()}


def _python(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value)
    if isinstance(value, list):
        return [_python(one) for one in value]
    if isinstance(value, dict):
        return {name: _python(one) for name, one in value.items()}
    return value.value if hasattr(value, "value") else value
