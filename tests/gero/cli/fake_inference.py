"""The inference endpoint in memory: whole answers and streams, with the headers that tell of them."""

import json
import threading
from collections.abc import Iterator
from typing import Any

from tests.gero.cli.fake_routes import Answer, Refused, Response, route


def reply(output: str, facts: dict[str, Any], headers: dict[str, str]) -> Response:
    """A whole answer."""
    message = {"role": "assistant", "content": output}
    body = {"output": output, "choices": [{"index": 0, "message": message}], **facts}
    return Response([json.dumps(body).encode()], {"Content-Type": "application/json", **headers})


class InferenceRoutes:
    """`told` are headers of the next answers; a stream waits for `released` before its last word, `ending` follows."""

    leaderboards: dict[str, dict[str, Any]]

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[str, str] = {"X-Dr.Gero-Model-Name": "small-1", "X-Dr.Gero-Trace-Id": "t"}
        self.refusal: Refused | None = None
        self.released = threading.Event()
        self.released.set()
        self.ending: bytes | None = None

    @route("POST", "/v1/leaderboard/{board}/inference")
    def infer(self, query: Any, body: dict[str, Any], board: str) -> Answer:
        if self.refusal:
            raise self.refusal
        output = f"echo: {body.get('input') or body['messages'][-1]['content']}"
        facts = {"model": "acme/small", "model_id": "m", "trace_id": "t", "cost_usd": 0.000123, "latency_ms": 412.0}
        facts |= {"leaderboard_id": board, "fallback": "X-Dr.Gero-Fallback" in self.told}
        if not body.get("stream"):
            return 200, reply(output, facts, self.told)
        return 200, Response(self._events(output, facts), {"Content-Type": "text/event-stream", **self.told})

    @route("GET", "/v1/models")
    def list_answering(self, query: Any, body: Any) -> Answer:
        there = [one for one in self.leaderboards.values() if one["production"]]
        slugs = [one["name"].lower().replace(" ", "-") for one in there]
        ids = [slug if slugs.count(slug) == 1 else one["id"] for slug, one in zip(slugs, there, strict=True)]
        data = [{"id": name, "object": "model", "gero_id": one["id"]} for name, one in zip(ids, there, strict=True)]
        return 200, {"object": "list", "data": data}

    def _events(self, output: str, facts: dict[str, Any]) -> Iterator[bytes]:
        *words, last = output.split(" ")
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
        deltas += [{"content": f"{word} "} for word in words]
        for delta in deltas:
            yield self._event(choices=[{"index": 0, "delta": delta}])
        self.released.wait(10)
        if self.ending is not None:
            yield self.ending
            return
        yield self._event(choices=[{"index": 0, "delta": {"content": last}, "finish_reason": "stop"}])
        yield self._event(choices=[], usage={"total_tokens": 9}, **facts)
        yield b"data: [DONE]\n\n"

    def _event(self, **fields: Any) -> bytes:
        chunk = {"object": "chat.completion.chunk", "model": "acme/small", **fields}
        return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"
