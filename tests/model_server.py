"""A model server for tests: real HTTP in OpenAI's format, told answers and faults, every call counted."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[str, str], str]


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
        model, prompt = str(body.get("model", "")), body["messages"][-1]["content"]
        with self._lock:
            self.requests.append({"headers": headers, "body": body})
            self.asked[model, prompt] += 1
            self.repeated += self.delivered[model, prompt] > 0
            return model, prompt, self.asked[model, prompt]

    def _reply(self, model: str, prompt: str) -> tuple[str, bytes]:
        if self.raw:
            return self.raw(model)
        text = self.answer(model, prompt)
        message = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25}
        document = {"id": "x", "object": "chat.completion", "model": model, "choices": [message], "usage": usage}
        return "application/json", json.dumps(document).encode()

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

        return Handler
