"""A model server for tests: real HTTP in OpenAI's format, told answers and faults, every call counted."""

import contextlib
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[str, str], str]
USAGE = {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25}


def chunk(model: str, **fields: Any) -> bytes:
    """A chunk of a stream, as an event."""
    whole = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": model, **fields}
    return b"data: " + json.dumps(whole).encode() + b"\n\n"


def _text(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content)


class _Server(ThreadingHTTPServer):
    request_queue_size = 1024  # with the usual 5, a worker's connections wait for SYNs to be sent again


class ModelServer:
    """Answers chat completions. `answer(model, prompt)` gives the text; `fault(model, prompt, attempt)` a status."""

    def __init__(self, answer: Answer, *, latency_seconds: float = 0.0) -> None:
        self.answer = answer
        self.fault: Callable[[str, str, int], int] = lambda model, prompt, attempt: 200
        self.raw: Callable[[str], tuple[str, bytes]] | None = None
        self.fault_text = "told to fail"
        self.latency_seconds = latency_seconds
        self.requests: list[dict[str, Any]] = []
        self.asked: Counter[tuple[str, str]] = Counter()
        self.delivered: Counter[tuple[str, str]] = Counter()
        self.message: Callable[[str], dict[str, Any]] = lambda model: {}
        """More fields of the message, such as `tool_calls`."""
        self.streams = True
        """Whether it streams when it is asked to; else it answers whole."""
        self.chunk_seconds = 0.0
        self.events: Callable[[str, str], Iterable[bytes]] = self._events
        self.choices: Callable[[str, str], list[dict[str, Any]]] = self._choices
        """Those of a whole answer."""
        self.left = 0
        """Streams whose reader went away before the end."""
        self.repeated = 0
        """Calls that came after a good answer to the same question had been delivered."""
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that were killed
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1/chat/completions"

    @contextmanager
    def running(self) -> "Iterator[ModelServer]":
        """Serve until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()

    def _receive(self, headers: dict[str, str], body: dict[str, Any]) -> tuple[str, str, int]:
        model, prompt = str(body.get("model", "")), _text(body["messages"][-1]["content"])
        with self._lock:
            self.requests.append({"headers": headers, "body": body})
            self.asked[model, prompt] += 1
            self.repeated += self.delivered[model, prompt] > 0
            return model, prompt, self.asked[model, prompt]

    def _reply(self, model: str, prompt: str) -> tuple[str, bytes]:
        if self.raw:
            return self.raw(model)
        choices = self.choices(model, prompt)
        document = {"id": "x", "object": "chat.completion", "model": model, "choices": choices, "usage": USAGE}
        return "application/json", json.dumps(document).encode()

    def _choices(self, model: str, prompt: str) -> list[dict[str, Any]]:
        said = {"role": "assistant", "content": self.answer(model, prompt), **self.message(model)}
        return [{"index": 0, "message": said, "finish_reason": "stop"}]

    def _events(self, model: str, prompt: str) -> list[bytes]:
        """An answer as OpenAI streams it, a word a chunk, its usage at the end."""
        words = re.findall(r"\S+\s*", self.answer(model, prompt)) or [""]
        deltas = [{"role": "assistant", "content": ""}, *({"content": word} for word in words)]
        chunks = [chunk(model, choices=[{"index": 0, "delta": delta, "finish_reason": None}]) for delta in deltas]
        chunks.append(chunk(model, choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]))
        return [*chunks, chunk(model, choices=[], usage=USAGE), b"data: [DONE]\n\n"]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                headers = {name.lower(): value for name, value in self.headers.items()}
                model, prompt, attempt = server._receive(headers, body)
                time.sleep(server.latency_seconds)
                status = server.fault(model, prompt, attempt)
                if status == 200 and body.get("stream") and server.streams:
                    self._stream(server.events(model, prompt))
                    return
                kind, content = server._reply(model, prompt)
                if status != 200:
                    kind = "application/json"
                    content = json.dumps({"error": {"message": server.fault_text}}).encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                if status == 429:
                    self.send_header("Retry-After", "0.05")
                self.end_headers()
                self.wfile.write(content)
                if status == 200:
                    with server._lock:
                        server.delivered[model, prompt] += 1

            def _stream(self, events: Iterable[bytes]) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                try:
                    for number, event in enumerate(events):
                        time.sleep(server.chunk_seconds if number else 0)
                        self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
                        self.wfile.flush()
                except OSError:
                    server.left += 1
                    self.close_connection = True
                    return
                with contextlib.suppress(OSError):  # who goes away now has read all
                    self.wfile.write(b"0\r\n\r\n")
                    self.wfile.flush()

        return Handler
