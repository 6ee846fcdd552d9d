"""What came back from a model: an OpenAI chat completion, other JSON with a text in it, or plain text."""

import re
from typing import Any

import msgspec

from gero.kit import money
from gero.providers.endpoint import Endpoint
from gero.providers.refusal import CallFailed

_TEXT_FIELDS = ("output", "output_text", "text", "content", "response", "completion", "answer", "generated_text")
_CHARACTERS_PER_TOKEN = 4
_CHARACTERS_PER_IMAGE = 4_000
_IMAGE = re.compile(rb"data:[\w.+-]+/[\w.+-]+;base64,[A-Za-z0-9+/=]+")
_MAX_TOKENS = 1_000_000_000  # a count above it is no count
_PAGES = ("text/html", "application/xhtml", "text/xml", "application/xml")
_MAX_COST_NANOS = 100 * money.NANOS_PER_USD  # of one call
_MAX_NAME = 300
_HEAD_BYTES = 4096  # an error stands early in a body, and long answers need not be read twice


class Answer(msgspec.Struct, frozen=True):
    """One answer. Latency in milliseconds, from sending to the last byte; cost in nano-dollars."""

    text: str
    tokens_in: int
    tokens_out: int
    cost_nanos: int
    latency_ms: float
    finish_reason: str | None = None
    model: str | None = None
    provider: str | None = None
    """Who served the model, where the endpoint tells (OpenRouter does)."""
    usage_estimated: bool = False


def parse(body: bytes, content_type: str, endpoint: Endpoint, prompt_characters: int, latency_ms: float) -> Answer:
    """The answer in a response body. CallFailed (retryable) when no text can be found in it."""
    return of_document(read(body, content_type), endpoint, prompt_characters, latency_ms)


def of_document(document: Any, endpoint: Endpoint, prompt_characters: int, latency_ms: float) -> Answer:
    """The answer in what `read` gave. CallFailed as of `parse`."""
    text, finish_reason = _text(document)
    return counted(text, finish_reason, document, endpoint, prompt_characters, latency_ms)


def counted(
    text: str,
    finish_reason: str | None,
    document: Any,
    endpoint: Endpoint,
    prompt_characters: int,
    latency_ms: float,
    said_characters: int | None = None,
) -> Answer:
    """The answer with what the document says of tokens, cost and model, or with what the lengths of the texts let
    expect. `said_characters`: of all that was said, where that is more than the text.
    """
    usage = document.get("usage") if isinstance(document, dict) else None
    usage = usage if isinstance(usage, dict) else {}
    tokens_in, tokens_out = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    estimated = tokens_in is None or tokens_out is None
    tokens_in = -(-prompt_characters // _CHARACTERS_PER_TOKEN) if tokens_in is None else tokens_in
    said = len(text) if said_characters is None else said_characters
    tokens_out = -(-said // _CHARACTERS_PER_TOKEN) if tokens_out is None else tokens_out
    return Answer(
        text=text,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        cost_nanos=_cost(document, usage, endpoint, tokens_in, tokens_out),
        latency_ms=latency_ms,
        finish_reason=finish_reason,
        model=_named(document, "model"),
        provider=_named(document, "provider"),
        usage_estimated=estimated,
    )


def characters_of(body: bytes) -> int:
    """The length of a request as its tokens go by it: an image that is sent along counts as much as any other."""
    if b";base64," not in body:
        return len(body)
    images = _IMAGE.findall(body)
    return len(body) - sum(map(len, images)) + len(images) * _CHARACTERS_PER_IMAGE


def read(body: bytes, content_type: str) -> Any:
    """What a response body holds: JSON, or a text. CallFailed when it is a page, or JSON that is broken."""
    if any(kind in content_type for kind in _PAGES):
        raise CallFailed("the endpoint answered with a web page or XML; check the address", "refused")
    if "json" not in content_type and body[:1] not in (b"{", b"[", b'"'):
        return body.decode("utf-8", "replace")
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if "json" in content_type:
            raise unusable("the response is not valid JSON") from error
        return body.decode("utf-8", "replace")


def _text(document: Any) -> tuple[str, str | None]:
    if isinstance(document, list) and document:
        document = document[0]
    if isinstance(document, str):
        return document, None
    if not isinstance(document, dict):
        raise unusable("the response holds no text")
    choices = document.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return _choice(choices[0])
    for name in _TEXT_FIELDS:
        if isinstance(document.get(name), str):
            return document[name], None
    raise unusable(f"the response has neither choices nor one of {', '.join(_TEXT_FIELDS)}")


def _choice(choice: dict[str, Any]) -> tuple[str, str | None]:
    message = choice.get("message")
    content = message.get("content") if isinstance(message, dict) else choice.get("text")
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        content = "".join(part for part in parts if isinstance(part, str))
    if content is None and isinstance(message, dict):
        content = ""  # a refusal or a tool call: an answer without text, not a broken response
    if not isinstance(content, str):
        raise unusable("choices[0] holds no message.content")
    finish_reason = choice.get("finish_reason")
    return content, finish_reason if isinstance(finish_reason, str) else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_TOKENS else None


def _cost(document: Any, usage: dict[str, Any], endpoint: Endpoint, tokens_in: int, tokens_out: int) -> int:
    told = _billed(usage)
    if isinstance(document, dict) and document.get("cost_usd") is not None:
        told = document["cost_usd"]
    if told is not None and not isinstance(told, bool):
        try:
            nanos = money.to_nanos(told)
        except ValueError:
            nanos = _MAX_COST_NANOS  # an unusable figure, as is an incredible one: fall back to our own prices
        if nanos < _MAX_COST_NANOS:
            return nanos
    return money.cost_of_tokens(tokens_in, endpoint.input_nanos_per_million) + money.cost_of_tokens(
        tokens_out, endpoint.output_nanos_per_million
    )


def _billed(usage: dict[str, Any]) -> Any:
    """What OpenRouter says a call cost; with a provider's key of one's own, its fee and what the provider charges."""
    told, details = usage.get("cost"), usage.get("cost_details")
    upstream = details.get("upstream_inference_cost") if isinstance(details, dict) else None
    if usage.get("is_byok") is not True:
        return told
    try:
        return (money.to_nanos(told or 0) + money.to_nanos(upstream or 0)) / money.NANOS_PER_USD
    except ValueError:
        return told


def status_of_error(body: bytes) -> int | None:
    """The HTTP status that a body means which came with 200 and holds an error, as OpenRouter's do when a provider
    fails after the response has begun; None for any other body.
    """
    if b'"error"' not in body[:_HEAD_BYTES]:
        return None
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    choices = document.get("choices") if isinstance(document, dict) else None
    inner = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    error = inner.get("error") or (None if choices else isinstance(document, dict) and document.get("error"))
    if not error:
        return None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) and 400 <= code <= 599 else 502


def _named(document: Any, field: str) -> str | None:
    value = document.get(field) if isinstance(document, dict) else None
    return value[:_MAX_NAME] if isinstance(value, str) else None


def unusable(reason: str) -> CallFailed:
    """The model's server answered with something that holds no answer; worth another try."""
    error = CallFailed(f"the endpoint answered, but {reason}", "failed")
    error.code = "unusable_answer"
    return error
