"""OpenAI's chat completion format: requests as far as the stand-ins read them, and the documents they answer with.

Source: https://platform.openai.com/docs/api-reference/chat
"""

import hashlib
import time
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

from infra.local.stand_ins.judges import JudgeModel
from infra.local.stand_ins.models import MODELS, Model

_CHARACTERS_PER_TOKEN = 4


class Part(msgspec.Struct):
    """A piece of a message's content; only text is read."""

    type: str
    text: str = ""


class Message(msgspec.Struct):
    """A message of the conversation."""

    role: str
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """The content as one text."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(msgspec.Struct):
    """What a stream holds beside the answer."""

    include_usage: bool = False


class ChatRequest(msgspec.Struct):
    """A chat completion request. Other parameters (temperature, …) are accepted and change nothing."""

    model: str
    messages: Annotated[list[Message], msgspec.Meta(min_length=1)]
    max_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    max_completion_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None

    @property
    def prompt(self) -> str:
        """The last message of the user, or the last message of all."""
        asked = [message for message in self.messages if message.role == "user"] or self.messages
        return asked[-1].text

    def read_by(self, model: Model) -> str:
        """What a model reads of it: a judge all messages of the user, the others the last one."""
        if not isinstance(model, JudgeModel):
            return self.prompt
        return "\n\n".join(message.text for message in self.messages if message.role == "user")


decode_request = msgspec.json.Decoder(ChatRequest).decode


class Completion:
    """What a model answered to a request, as one document or as the chunks of a stream."""

    def __init__(self, request: ChatRequest, model: Model) -> None:
        prompt = request.read_by(model)
        answer = model.answer(prompt)
        limit = request.max_completion_tokens or request.max_tokens or len(answer)
        self._request = request
        self._text = answer[: limit * _CHARACTERS_PER_TOKEN]
        self._finish_reason = "stop" if self._text == answer else "length"
        digest = hashlib.sha256(f"{model.id}\0{prompt}".encode()).hexdigest()
        self._head = {"id": f"chatcmpl-{digest[:24]}", "created": int(time.time()), "model": model.id}

    def document(self) -> dict[str, Any]:
        """The `chat.completion` object."""
        message = {"role": "assistant", "content": self._text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self._finish_reason}
        return {**self._head, "object": "chat.completion", "choices": [choice], "usage": self._usage()}

    def events(self) -> Iterator[bytes]:
        """The server-sent events of a stream, to the closing `[DONE]`."""
        options = self._request.stream_options
        yield self._chunk({"role": "assistant", "content": ""})
        yield self._chunk({"content": self._text})
        yield self._chunk({}, self._finish_reason)
        if options and options.include_usage:
            yield _event({**self._head, "object": "chat.completion.chunk", "choices": [], "usage": self._usage()})
        yield b"data: [DONE]\n\n"

    def _chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return _event({**self._head, "object": "chat.completion.chunk", "choices": [choice]})

    def _usage(self) -> dict[str, int]:
        tokens_in = sum(_tokens(message.text) for message in self._request.messages)
        tokens_out = _tokens(self._text)
        return {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": tokens_in + tokens_out}


def model_list() -> dict[str, Any]:
    """The list of models; `name` and `pricing` (USD per token, as text) are OpenRouter's additions."""
    return {"object": "list", "data": [_listed(model) for model in MODELS.values()]}


def error(message: str, kind: str = "invalid_request_error", code: str | None = None) -> dict[str, Any]:
    """OpenAI's error object."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _listed(model: Model) -> dict[str, Any]:
    pricing = {
        "prompt": f"{model.input_usd_per_million / 1e6:.10f}",
        "completion": f"{model.output_usd_per_million / 1e6:.10f}",
    }
    return {
        "id": model.id,
        "object": "model",
        "created": 0,
        "owned_by": "stand-in",
        "name": model.title,
        "pricing": pricing,
    }


def _tokens(text: str) -> int:
    return -(-len(text) // _CHARACTERS_PER_TOKEN)


def _event(document: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(document) + b"\n\n"
