"""A receiver of webhooks that keeps what it got and checks signatures by itself, as a stranger would."""

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Received(NamedTuple):
    """One request."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    def is_signed_by(self, secret: str) -> bool:
        """As the Standard Webhooks specification says: any of the signatures may be the one."""
        head = {name.lower(): value for name, value in self.headers.items()}
        signed = f"{head['webhook-id']}.{head['webhook-timestamp']}.{self.body}".encode()
        key = base64.b64decode(secret.split("_", 1)[1])
        wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        fresh = abs(time.time() - int(head["webhook-timestamp"])) < 300
        return fresh and wanted in head["webhook-signature"].split(" ")


class WebhookServer:
    """Answers with `status`, after `seconds`; a redirect leads to /elsewhere."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.status, self.seconds = 204, 0.0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def events(self) -> list[str]:
        """The names of the events that came, sorted."""
        return sorted(one.event["type"] for one in self.received)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(outer) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.received.append(Received(self.path, dict(self.headers), body))
                time.sleep(outer.seconds)
                self.send_response(outer.status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: Any) -> None:
                """Stay silent."""

        return Handler


@contextmanager
def webhook_server() -> Iterator[WebhookServer]:
    """A receiver while the test runs."""
    server = WebhookServer()
    try:
        yield server
    finally:
        server.close()


@contextmanager
def raw_server(answer: bytes) -> Iterator[str]:
    """A receiver that answers with bytes that no well-behaved one would send; gives its URL."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        listener.shutdown(socket.SHUT_RDWR)
