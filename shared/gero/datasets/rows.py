"""One example of a dataset: what the model is asked and what counts as right."""

import hashlib
from typing import Any

import msgspec

from gero.kit import Invalid

INPUT_FIELDS = ("input", "prompt", "question", "query")
EXPECTED_FIELDS = ("expected", "output", "response", "completion", "answer")
ID_FIELDS = ("id", "example_id", "trace_id")
MAX_TEXT = 1_000_000
MAX_ID_BYTES = 1000  # an id is part of a sort key, which may have 1,024 bytes


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """A row as Gero stores it. `expected` holds every accepted answer; empty when none is known."""

    id: str
    input: str
    expected: list[str] = []
    rubric: str | None = None
    metadata: dict[str, Any] = {}
    tags: list[str] = []


_encode = msgspec.json.Encoder(order="deterministic").encode
_decoder = msgspec.json.Decoder(Row)


def encode(row: Row) -> bytes:
    """The row as one line of JSON; equal rows give equal bytes."""
    return _encode(row)


def decode(line: bytes) -> Row:
    """The inverse of `encode`."""
    return _decoder.decode(line)


def parse(document: Any) -> Row:
    """A row from an object with any of the documented field names. Invalid names the field and the fix."""
    if not isinstance(document, dict):
        raise Invalid(f"a row must be a JSON object, this is {_kind(document)}")
    text = _input(document)
    expected = _expected(document)
    rubric = _optional_text(document, "rubric")
    return Row(
        id=_id(document) or content_id(text, expected),
        input=text,
        expected=expected,
        rubric=rubric,
        metadata=_metadata(document),
        tags=_tags(document),
    )


def content_id(text: str, expected: list[str]) -> str:
    """The id of a row that brought none: a hash of what it says, so that the same row has the same id."""
    digest = hashlib.sha256(msgspec.json.encode([text, expected]))
    return f"sha256-{digest.hexdigest()[:32]}"


def _input(document: dict[str, Any]) -> str:
    for name in INPUT_FIELDS:
        if document.get(name) is not None:
            return _text(document[name], name)
    if document.get("messages") is not None:
        return _conversation(document["messages"])
    raise Invalid(f"input: a row needs one of {', '.join(INPUT_FIELDS)} or messages", field="input")


def _expected(document: dict[str, Any]) -> list[str]:
    for name in EXPECTED_FIELDS:
        value = document.get(name)
        if value is None:
            continue
        answers = value if isinstance(value, list) else [value]
        return [_text(answer, name) for answer in answers]
    return []


def _text(value: Any, field: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Invalid(f"{field}: must be a text, this is {_kind(value)}", field=field)
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    _check_encodable(text, field)
    if text == "null" and not isinstance(value, str):
        raise Invalid(f"{field}: must be a finite number", field=field)
    if not text.strip():
        raise Invalid(f"{field}: must not be empty", field=field)
    if len(text) > MAX_TEXT:
        raise Invalid(f"{field}: longer than {MAX_TEXT:,} characters", field=field)
    return text


def _conversation(messages: Any) -> str:
    if not isinstance(messages, list) or not messages:
        raise Invalid("messages: must be a list of {role, content}", field="messages")
    lines = []
    for message in messages:
        content = message.get("content") if isinstance(message, dict) else None
        if not isinstance(content, str):
            raise Invalid("messages: each needs a text content", field="messages")
        lines.append((str(message.get("role", "user")), content))
    if len(lines) == 1:
        return _text(lines[0][1], "messages")
    return _text("\n".join(f"{role}: {content}" for role, content in lines), "messages")


def _id(document: dict[str, Any]) -> str | None:
    for name in ID_FIELDS:
        value = document.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, str | int) or not 0 < len(str(value)) <= 256:
            raise Invalid(f"{name}: must be a text of 1 to 256 characters", field=name)
        if len(_check_encodable(str(value), name)) > MAX_ID_BYTES:
            raise Invalid(f"{name}: must not be longer than {MAX_ID_BYTES} bytes", field=name)
        return str(value)
    return None


def _check_encodable(text: str, field: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise Invalid(f"{field}: holds half of a surrogate pair, which is no character", field=field) from error


def _optional_text(document: dict[str, Any], field: str) -> str | None:
    return None if document.get(field) is None else _text(document[field], field)


def _metadata(document: dict[str, Any]) -> dict[str, Any]:
    metadata = document.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise Invalid(f"metadata: must be an object, this is {_kind(metadata)}", field="metadata")
    return metadata


def _tags(document: dict[str, Any]) -> list[str]:
    tags = document.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise Invalid("tags: must be a list of texts", field="tags")
    return tags


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
