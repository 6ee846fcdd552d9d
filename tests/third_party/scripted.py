"""The model that clients of others talk to through Gero: what it does is said by the question."""

import json
import time
from collections.abc import Iterator
from typing import Any

from tests.model_server import USAGE, ModelServer, chunk

TEAM = {"team": "shipping", "urgent": True}
SAID = {
    "Where is my parcel?": "it is on its way",
    "Fill in the form": json.dumps(TEAM),
    "Count slowly": "one two " * 500,
    '{"late":true}': "it is late",  # what the tool gave
}
CALL = {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": '{"parcel": 7}'}}
STATUS = {"Too many": 429, "Refuse": 400}
_PAUSE_SECONDS = 2.0
_BETWEEN_SECONDS = 0.02


def play(server: ModelServer) -> None:
    """Let a server act it."""
    server.answer = lambda model, prompt: _said(prompt)
    server.choices = lambda model, prompt: _choices(prompt)
    server.events = lambda model, prompt: _events(model, prompt)
    server.fault = lambda model, prompt, attempt: next((STATUS[one] for one in STATUS if one in prompt), 200)
    server.fault_text = "told to refuse"


def _said(prompt: str) -> str:
    return next((SAID[one] for one in SAID if one in prompt.replace(" ", "") or one in prompt), "yes")


def _choices(prompt: str) -> list[dict[str, Any]]:
    if "Think long" in prompt:
        time.sleep(_PAUSE_SECONDS)
    if "Look it up" in prompt:
        message = {"role": "assistant", "content": None, "refusal": None, "tool_calls": [CALL]}
        return [{"index": 0, "message": message, "logprobs": None, "finish_reason": "tool_calls"}]
    said = ["first", "second"] if "Say it twice" in prompt else [_said(prompt)]
    return [
        {"index": index, "message": {"role": "assistant", "content": text, "refusal": None}, "finish_reason": "stop"}
        for index, text in enumerate(said)
    ]


def _events(model: str, prompt: str) -> Iterator[bytes]:
    """As OpenAI streams them, each a moment after the other."""
    yield _piece(model, {"role": "assistant", "content": ""})
    for index, delta in _deltas(prompt):
        time.sleep(_BETWEEN_SECONDS)
        yield _piece(model, delta, index)
    if "Break" in prompt:
        yield b'data: {"error": {"message": "the model ran out of memory", "type": "server_error", "code": 500}}\n\n'
        return
    ended = "tool_calls" if "Look it up" in prompt else "stop"
    for index in range(2 if "Say it twice" in prompt else 1):
        yield chunk(model, choices=[{"index": index, "delta": {}, "finish_reason": ended}])
    yield chunk(model, choices=[], usage=USAGE)
    yield b"data: [DONE]\n\n"


def _deltas(prompt: str) -> Iterator[tuple[int, dict[str, Any]]]:
    if "Look it up" in prompt:
        function = {"name": "look_up", "arguments": ""}
        yield 0, {"tool_calls": [{"index": 0, "id": CALL["id"], "type": "function", "function": function}]}
        for part in ('{"par', 'cel": 7}'):
            yield 0, {"tool_calls": [{"index": 0, "function": {"arguments": part}}]}
    elif "Say it twice" in prompt:
        for text in ("first", "second"), ("!", "!"):
            yield from ((index, {"content": part}) for index, part in enumerate(text))
    else:
        for word in _said(prompt).split():
            yield 0, {"content": f"{word} "}
        if "Stop halfway" in prompt:
            time.sleep(_PAUSE_SECONDS)


def _piece(model: str, delta: dict[str, Any], index: int = 0) -> bytes:
    return chunk(model, choices=[{"index": index, "delta": delta, "finish_reason": None}])
