"""A model server that costs next to nothing, whole and streamed: `python -m tests.benchmarks.streaming_models`.

Prints its port. `GET /counts` tells how many connections it has had, and how many questions. The parameter
`pause_seconds` of a question makes it think for so long.
"""

import asyncio
import json
from typing import Any

WORDS = 12
PIECES = 4
PIECE_SECONDS = 0.002
"""A stream comes in so many pieces, so long after each other, as a model's does: who holds them back is seen."""
_USAGE = {"prompt_tokens": 24, "completion_tokens": WORDS, "total_tokens": 24 + WORDS}
_EVENT_STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def _whole() -> bytes:
    text = " ".join(f"word{n}" for n in range(WORDS))
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return _json({"id": "c-1", "object": "chat.completion", "created": 1, "model": "bench", "choices": [choice]})


def _json(fields: dict[str, Any]) -> bytes:
    body = json.dumps(fields | ({"usage": _USAGE} if "choices" in fields else {})).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def _pieces() -> list[bytes]:
    """The stream: each piece some events, each event a chunk of HTTP's own."""
    deltas: list[dict[str, Any]] = [{"content": f"word{n} "} for n in range(WORDS)]
    deltas[0]["role"] = "assistant"
    events = [_event(choices=[{"index": 0, "delta": delta, "finish_reason": None}]) for delta in deltas]
    size = WORDS // PIECES
    pieces = [b"".join(events[start : start + size]) for start in range(0, WORDS, size)]
    end = _event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]) + _event(choices=[], usage=_USAGE)
    pieces[0] = _EVENT_STREAM + pieces[0]
    pieces[-1] += end + _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"
    return pieces


def _event(**fields: Any) -> bytes:
    whole = {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "bench", **fields}
    return _chunk(b"data: %s\n\n" % json.dumps(whole).encode())


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


class _Connection(asyncio.Protocol):
    """One connection, a request at a time."""

    connections = questions = 0
    _transport: asyncio.Transport
    _answer, _stream = _whole(), _pieces()

    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        _Connection.connections += 1
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, ended, body = self._received.partition(b"\r\n\r\n")
        if not ended or len(body) < _length(head):
            return
        self._received = b""
        if head.startswith(b"GET "):
            counts = {"connections": _Connection.connections, "questions": _Connection.questions}
            self._transport.write(_json({"data": [], **counts}))  # LiteLLM looks for a list of models now and then
            return
        _Connection.questions += 1
        question = json.loads(body)
        pieces = self._stream if question.get("stream") else [self._answer]
        if pause := question.get("pause_seconds"):
            asyncio.get_running_loop().call_later(pause, self._send, pieces)
        else:
            self._send(pieces)

    def _send(self, pieces: list[bytes]) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(pieces[0])
        if len(pieces) > 1:
            asyncio.get_running_loop().call_later(PIECE_SECONDS, self._send, pieces[1:])


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
