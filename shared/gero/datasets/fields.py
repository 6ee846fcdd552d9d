"""From an object of a file or a webhook to a row: the documented field names, or those a leaderboard maps.

A mapping is {field of Gero: field of the object}, such as {"input": "ticket.text"}; a dotted name leads into objects.
A mapped field is read from its place alone; the others go by their documented names. A conversation that ends with the
assistant's answer, as fine-tuning files have it, gives the answer to `expected` when nothing else does.
"""

from collections.abc import Mapping
from typing import Any, Literal, get_args

import msgspec

from gero.datasets.rows import Row, content_id
from gero.kit import Invalid

Field = Literal["input", "messages", "expected", "id", "rubric", "metadata", "tags"]
FIELDS: tuple[Field, ...] = get_args(Field)
NAMES: dict[Field, tuple[str, ...]] = {
    "input": ("input", "prompt", "question", "query"),
    "messages": ("messages", "conversations"),
    "expected": ("expected", "output", "response", "completion", "answer"),
    "id": ("id", "example_id", "trace_id"),
    "rubric": ("rubric",),
    "metadata": ("metadata",),
    "tags": ("tags",),
}
_ROLES = {"human": "user", "gpt": "assistant"}  # as ShareGPT names them
MAX_TEXT = 1_000_000
MAX_DEPTH = 100  # of metadata: what reads a row later recurses
MAX_ID_BYTES = 1000  # an id is part of a sort key, which may have 1,024 bytes
NOTHING: Mapping[Field, str] = {}


def parse(document: Any, mapping: Mapping[Field, str] = NOTHING, origin: dict[str, Any] | None = None) -> Row:
    """A row from an object. Invalid names the field and the fix."""
    if not isinstance(document, dict):
        raise Invalid(f"a row must be a JSON object, this is {_kind(document)}")
    expected = _expected(document, mapping)
    text, answer = _question(document, mapping, expected)
    if answer and not expected and "expected" not in mapping:
        expected = [answer]
    return Row(
        id=_id(document, mapping) or content_id(text, expected),
        input=text,
        expected=expected,
        rubric=_rubric(document, mapping),
        metadata=_metadata(document, mapping),
        tags=_tags(document, mapping),
        origin=origin or {},
    )


def find(document: Mapping[str, Any], field: Field, mapping: Mapping[Field, str] = NOTHING) -> tuple[str, Any] | None:
    """Where the object has a field of Gero, and its value; None when it is nowhere, or null."""
    mapped = mapping.get(field)
    for name in (mapped,) if mapped else NAMES[field]:
        value = document[name] if name in document else _inside(document, name)
        if value is not None:
            return name, value
    return None


def _inside(document: Any, path: str) -> Any:
    if "." not in path:
        return None
    for part in path.split("."):
        if not isinstance(document, dict) or part not in document:
            return None
        document = document[part]
    return document


def _question(document: dict[str, Any], mapping: Mapping[Field, str], expected: list[str]) -> tuple[str, str | None]:
    if found := find(document, "input", mapping):
        return _text(*reversed(found)), None
    if found := find(document, "messages", mapping):
        name, messages = found
        return _conversation(messages, name, expected)
    if "input" in mapping or "messages" in mapping:
        wanted = mapping.get("input") or mapping["messages"]
        raise Invalid(f"input: the row has no field {wanted!r}, which field_mapping names", field="input")
    raise Invalid(f"input: a row needs one of {', '.join(NAMES['input'])} or messages", field="input")


def _expected(document: dict[str, Any], mapping: Mapping[Field, str]) -> list[str]:
    found = find(document, "expected", mapping)
    if found is None:
        return []
    name, value = found
    answers = value if isinstance(value, list) else [value]
    return [_text(_message(answer, name)[1] if isinstance(answer, dict) else answer, name) for answer in answers]


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


def _conversation(messages: Any, field: str, expected: list[str]) -> tuple[str, str | None]:
    """The input, and the answer that the conversation ends with: it must not be seen by who is asked for it."""
    if not isinstance(messages, list) or not messages:
        raise Invalid(f"{field}: must be a list of {{role, content}}", field=field)
    lines, answer = [_message(message, field) for message in messages], None
    role, content = lines[-1]
    if role == "assistant" and len(lines) > 1 and (not expected or content in expected):
        answer = _text(content, field)
        lines.pop()
    if len(lines) == 1:
        return _text(lines[0][1], field), answer
    return _text("\n".join(f"{role}: {content}" for role, content in lines), field), answer


def _message(message: Any, field: str) -> tuple[str, str]:
    """Role and text of a message of OpenAI's or ShareGPT's."""
    known = message if isinstance(message, dict) else {}
    content = known.get("content", known.get("value"))
    if isinstance(content, list):  # OpenAI's parts
        texts = [part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)]
        content = "\n".join(texts) if len(texts) == len(content) else None
    if not isinstance(content, str):
        raise Invalid(f"{field}: each needs a text content", field=field)
    role = str(known.get("role", known.get("from", "user")))
    return _ROLES.get(role, role), content


def _id(document: dict[str, Any], mapping: Mapping[Field, str]) -> str | None:
    found = find(document, "id", mapping)
    if found is None:
        return None
    name, value = found
    if isinstance(value, bool) or not isinstance(value, str | int) or not 0 < len(str(value)) <= 256:
        raise Invalid(f"{name}: must be a text of 1 to 256 characters", field=name)
    if len(_check_encodable(str(value), name)) > MAX_ID_BYTES:
        raise Invalid(f"{name}: must not be longer than {MAX_ID_BYTES} bytes", field=name)
    return str(value)


def _check_encodable(text: str, field: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise Invalid(f"{field}: holds half of a surrogate pair, which is no character", field=field) from error


def _rubric(document: dict[str, Any], mapping: Mapping[Field, str]) -> str | None:
    found = find(document, "rubric", mapping)
    return _text(*reversed(found)) if found else None


def _metadata(document: dict[str, Any], mapping: Mapping[Field, str]) -> dict[str, Any]:
    name, metadata = find(document, "metadata", mapping) or ("metadata", {})
    if not isinstance(metadata, dict):
        raise Invalid(f"{name}: must be an object, this is {_kind(metadata)}", field=name)
    if _is_deeper(metadata, MAX_DEPTH):
        raise Invalid(f"{name}: more than {MAX_DEPTH} objects or lists inside each other", field=name)
    return metadata


def _is_deeper(value: Any, levels: int) -> bool:
    level = [value]
    while level and levels:
        insides = (one.values() if isinstance(one, dict) else one for one in level)
        level = [one for inside in insides for one in inside if isinstance(one, dict | list)]
        levels -= 1
    return bool(level)


def _tags(document: dict[str, Any], mapping: Mapping[Field, str]) -> list[str]:
    name, tags = find(document, "tags", mapping) or ("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise Invalid(f"{name}: must be a list of texts", field=name)
    return tags


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
