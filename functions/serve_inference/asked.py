"""The body of an inference request, in Gero's own words or in OpenAI's."""

from typing import Any

import msgspec

from gero.kit import Invalid

_INPUT_FIELDS = ("input", "prompt", "question", "query")
# Never forwarded to the model as parameters: they are ours, or would change what was evaluated.
_RESERVED = frozenset(
    {*_INPUT_FIELDS, "messages", "apply_prompt", "stream", "stream_options"}
    | {"model", "models", "route", "provider", "preset", "transforms", "plugins"}
)
MAX_BYTES = 5 * 1024 * 1024


class Asked(msgspec.Struct, frozen=True):
    """What the client wants: a text for the leaderboard's prompt, or messages."""

    text: str
    messages: list[dict[str, Any]] | None
    parameters: dict[str, Any]
    model: str | None = None
    apply_prompt: bool | None = None
    """Whether the prompt goes in front of messages; None: as the leaderboard says."""
    stream: bool = False
    include_usage: bool = False


def read(body: bytes, *, openai: bool = False) -> Asked:
    """The request in a body; in OpenAI's words it must have `model` and `messages`. Invalid names field and fix."""
    document = _document(body)
    text = next((document[name] for name in _INPUT_FIELDS if document.get(name) is not None), None)
    text = None if openai else text
    messages = _messages(document.get("messages")) if text is None else None  # the input wins, as documented
    if openai:
        if messages is None:
            raise Invalid("messages: must be a list of {role, content}", field="messages")
    elif text is None and messages is None:
        raise Invalid("input: give input (or prompt, question, query) or messages", field="input")
    if text is not None and (not isinstance(text, str) or not text.strip()):
        raise Invalid("input: must be a text that is not empty", field="input")
    if messages is None and document.get("apply_prompt") is False:
        raise Invalid("apply_prompt: only messages can go without the prompt; give messages", field="apply_prompt")
    options = document.get("stream_options")
    return Asked(
        text=text or _last_text(messages),
        messages=messages,
        parameters={name: value for name, value in document.items() if name not in _RESERVED},
        model=_model(document) if openai else None,
        apply_prompt=_flag(document, "apply_prompt"),
        stream=bool(_flag(document, "stream")),
        include_usage=isinstance(options, dict) and options.get("include_usage") is True,
    )


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid("the body is not valid JSON") from error
    if not isinstance(document, dict):
        raise Invalid('the body must be a JSON object, such as {"input": "…"}')
    try:
        msgspec.json.encode(document)
    except RecursionError as error:
        raise Invalid("the body is nested too deeply") from error
    return document


def _model(document: dict[str, Any]) -> str:
    model = document.get("model")
    if not isinstance(model, str) or not model.strip():
        raise Invalid("model: give the id or the name of a leaderboard, or of a Dr.Gero model", field="model")
    return model.strip()


def _flag(document: dict[str, Any], name: str) -> bool | None:
    value = document.get(name)
    if value is not None and not isinstance(value, bool):
        raise Invalid(f"{name}: must be true or false", field=name)
    return value


def _messages(found: Any) -> list[dict[str, Any]] | None:
    if found is None:
        return None
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) and "role" in one for one in found):
        raise Invalid("messages: must be a list of {role, content}", field="messages")
    return found


def _last_text(messages: list[dict[str, Any]] | None) -> str:
    """The text of the latest message that has one, as the question to show in a trace."""
    for message in reversed(messages or []):
        content = message.get("content")
        if isinstance(content, list):
            texts = [part.get("text") for part in content if isinstance(part, dict)]
            content = "\n".join(text for text in texts if isinstance(text, str)) or None
        if isinstance(content, str):
            return content
    return ""
