"""Answers in OpenAI's words: the model's own document where it spoke so, else one made of what it said."""

import time
from typing import Any

import msgspec

from functions.serve_inference.exchange import Exchange
from gero.kit import money
from gero.providers import Answer
from gero.providers.chunks import Gathered, message_of, usage_of

_encode = msgspec.json.Encoder().encode


def completion(exchange: Exchange, answer: Answer, document: Any, *, openai: bool) -> dict[str, Any]:
    """The body of a whole answer; on Gero's own paths with what Gero knows of it."""
    spoken = {name: value for name, value in document.items() if value is not None} if message_of(document) else {}
    message = {"role": "assistant", "content": answer.text}
    made = {
        "id": f"chatcmpl-{exchange.trace_id}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": answer.model or exchange.target.endpoint.model or exchange.target.name,
        "choices": [{"index": 0, "message": message, "finish_reason": answer.finish_reason or "stop"}],
    }
    usage = spoken.get("usage")
    body = made | spoken | {"usage": usage_of(answer) | (usage if isinstance(usage, dict) else {})}
    return body if openai else body | {"output": answer.text} | _known(exchange, answer)


def last_chunks(exchange: Exchange, answer: Answer, found: Gathered, openai: bool) -> bytes:
    """What ends a stream: usage that was asked for and that the model did not tell, what Gero knows, and the mark."""
    head = {
        "id": f"chatcmpl-{exchange.trace_id}",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": answer.model or exchange.target.endpoint.model or exchange.target.name,
        "choices": [],
    }
    end = b"data: [DONE]\n\n"
    if not openai:
        return _event(head | {"usage": usage_of(answer)} | _known(exchange, answer)) + end
    if exchange.asked.include_usage and "usage" not in found.document:
        return _event(head | {"usage": usage_of(answer)}) + end
    return end


def _known(exchange: Exchange, answer: Answer) -> dict[str, Any]:
    return {
        "leaderboard_id": exchange.served.id if exchange.served.kind == "leaderboard" else None,
        "model_id": exchange.target.candidate_id,
        "trace_id": exchange.trace_id,
        "cost_usd": money.to_usd(answer.cost_nanos),
        "latency_ms": round(answer.latency_ms, 2),
        "fallback": exchange.reason is not None,
    }


def _event(chunk: dict[str, Any]) -> bytes:
    return b"data: " + _encode(chunk) + b"\n\n"
