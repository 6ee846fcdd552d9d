"""The body of an inference request."""

from typing import Any

import msgspec

from gero.kit import Invalid, TooLarge

_INPUT_FIELDS = ("input", "prompt", "question", "query")
# Never forwarded to the model as parameters: they are ours, or would change what was evaluated.
_RESERVED = frozenset({*_INPUT_FIELDS, "messages", "model", "models", "route", "stream", "stream_options", "n"})
_MAX_BYTES = 5 * 1024 * 1024


class Asked(msgspec.Struct, frozen=True):
    """What the client wants: a text for the leaderboard's prompt, or whole messages instead of it."""

    text: str
    messages: list[dict[str, Any]] | None
    parameters: dict[str, Any]


def read(body: bytes) -> Asked:
    """The request in a body. Invalid names the field and the fix."""
    if len(body) > _MAX_BYTES:
        raise TooLarge("the body is larger than 5 MB")
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid("the body is not valid JSON") from error
    if not isinstance(document, dict):
        raise Invalid('the body must be a JSON object, such as {"input": "…"}')
    if document.get("stream"):
        raise Invalid("stream: not supported on this path; leave it out", field="stream", code="unsupported")
    messages = _messages(document.get("messages"))
    text = next((document[name] for name in _INPUT_FIELDS if document.get(name) is not None), None)
    if text is None and messages is None:
        raise Invalid("input: give input (or prompt, question, query) or messages", field="input")
    if text is not None and (not isinstance(text, str) or not text.strip()):
        raise Invalid("input: must be a text that is not empty", field="input")
    parameters = {name: value for name, value in document.items() if name not in _RESERVED}
    _check_depth(document)
    return Asked(text=text or _last_text(messages), messages=messages, parameters=parameters)


def _check_depth(document: dict[str, Any]) -> None:
    try:
        msgspec.json.encode(document)
    except RecursionError as error:
        raise Invalid("the body is nested too deeply") from error


def _messages(found: Any) -> list[dict[str, Any]] | None:
    if found is None:
        return None
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) and "role" in one for one in found):
        raise Invalid("messages: must be a list of {role, content}", field="messages")
    return found


def _last_text(messages: list[dict[str, Any]] | None) -> str:
    contents = [one.get("content") for one in messages or []]
    return next((content for content in reversed(contents) if isinstance(content, str)), "")
