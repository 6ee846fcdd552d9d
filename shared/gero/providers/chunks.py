"""What the chunks of a stream say together, and a whole answer told as chunks."""

import time
from typing import Any

import msgspec

from gero.providers.answer import Answer, unusable

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_EMPTY: dict[str, Any] = {}


class Gathered:
    """What came until now of the first choice: text, tool calls, why it ended; and usage and model, as told."""

    def __init__(self) -> None:
        self.begun = False
        """Whether something was said: until then another model can still be asked instead."""
        self.finish_reason: str | None = None
        self.document: dict[str, Any] = {}
        """What a whole answer would say of usage, cost, model and provider."""
        self.characters = 0
        """Of all that was said: text, reasoning, arguments of tools, every choice."""
        self._texts: list[str] = []
        self._calls: dict[int, dict[str, Any]] = {}

    @property
    def text(self) -> str:
        """The answer's text."""
        return "".join(self._texts)

    @property
    def tool_calls(self) -> list[dict[str, Any]] | None:
        """The calls of tools, put together; None without one."""
        return [self._calls[index] for index in sorted(self._calls)] or None

    def add(self, event: bytes) -> tuple[int | None, bytes]:
        """Take in a chunk. A status and the event itself when it tells of an error. CallFailed when it is no chunk."""
        try:
            chunk = _decode(event)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise unusable("its stream holds an event that is not JSON") from error
        if not isinstance(chunk, dict):
            raise unusable("its stream holds an event that is no chunk")
        choices = chunk.get("choices")
        if chunk.get("error"):
            return _status(chunk["error"]), event
        for name in ("usage", "cost_usd", "model", "provider"):
            if chunk.get(name) is not None:
                self.document[name] = chunk[name]
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict):
                if choice.get("error"):
                    return _status(choice["error"]), _encode({"error": choice["error"]})
                self._choice(choice)
        return None, event

    def _choice(self, choice: dict[str, Any]) -> None:
        delta = choice.get("delta")
        delta = delta if isinstance(delta, dict) else _EMPTY
        ended = choice.get("finish_reason")
        self.begun = self.begun or bool(ended) or any(value for name, value in delta.items() if name != "role")
        self.characters += sum(len(value) for name, value in delta.items() if name != "role" and isinstance(value, str))
        if choice.get("index", 0) != 0:
            return
        if isinstance(delta.get("content"), str):
            self._texts.append(delta["content"])
        calls = delta.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            if isinstance(call, dict):
                self._call(call)
        if isinstance(ended, str):
            self.finish_reason = ended

    def _call(self, call: dict[str, Any]) -> None:
        index = call.get("index")
        if not isinstance(index, int):  # some leave it out: another id is another call
            index = len(self._calls) if call.get("id") or not self._calls else len(self._calls) - 1
        kept = self._calls.setdefault(index, {"id": None, "type": "function", "function": _named()})
        kept["id"] = call.get("id") or kept["id"]
        told = call.get("function")
        told = told if isinstance(told, dict) else _EMPTY
        for name in ("name", "arguments"):
            if isinstance(told.get(name), str):
                kept["function"][name] += told[name]
                self.characters += len(told[name])


def chunks_of(answer: Answer, document: Any) -> list[bytes]:
    """A whole answer as the chunks of a stream: all of it, why it ended, its usage."""
    known = document if isinstance(document, dict) else _EMPTY
    named = known.get("id") if isinstance(known.get("id"), str) else "chatcmpl-whole"
    head = {"id": named, "object": "chat.completion.chunk", "created": int(time.time()), "model": answer.model or ""}
    choices = known.get("choices")
    said = [_said(choice) for choice in (choices if isinstance(choices, list) else ()) if isinstance(choice, dict)]
    said = said or [(0, {"role": "assistant", "content": answer.text}, answer.finish_reason)]
    whole: list[dict[str, Any]] = [
        *({"choices": [{"index": index, "delta": delta, "finish_reason": None}]} for index, delta, _ in said),
        *({"choices": [{"index": index, "delta": {}, "finish_reason": why or "stop"}]} for index, _, why in said),
        {"choices": [], "usage": usage_of(answer)} | ({"cost_usd": known["cost_usd"]} if "cost_usd" in known else {}),
    ]
    return [_encode(head | part) for part in whole]


def usage_of(answer: Answer) -> dict[str, int]:
    """The answer's tokens, as OpenAI tells them."""
    return {
        "prompt_tokens": answer.tokens_in,
        "completion_tokens": answer.tokens_out,
        "total_tokens": answer.tokens_in + answer.tokens_out,
    }


def message_of(document: Any) -> dict[str, Any]:
    """The message of the first choice of a chat completion; empty where there is none."""
    choices = document.get("choices") if isinstance(document, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    return message if isinstance(message, dict) else {}


def _said(choice: dict[str, Any]) -> tuple[Any, dict[str, Any], Any]:
    """Number, delta and end of one choice of a whole answer."""
    told = choice.get("message")
    message = told if isinstance(told, dict) else {"content": choice.get("text")}
    delta = {"role": "assistant", **message}
    calls = message.get("tool_calls")
    if isinstance(calls, list):
        delta["tool_calls"] = [{"index": at, **call} for at, call in enumerate(calls) if isinstance(call, dict)]
    return choice.get("index", 0), delta, choice.get("finish_reason")


def _named() -> dict[str, str]:
    return {"name": "", "arguments": ""}


def _status(error: Any) -> int:
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) and 400 <= code <= 599 else 502
