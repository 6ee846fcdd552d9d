"""Serves a WSGI app on loopback with connections that stay open.

werkzeug's own server closes the connection after each answer, which costs every call of an AWS SDK a new connection
and a new thread.
"""

from __future__ import annotations

import contextlib
import io
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer

_CLOSING_SECONDS = 2.0


class _Handler(MotoRequestHandler):
    """One connection, in a thread of its own."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def run_wsgi(self) -> None:
        """Answer one request; its body is read whole, so that the next request can follow."""
        environ = self.make_environ()
        if not environ.get("wsgi.input_terminated"):
            environ["wsgi.input"] = io.BytesIO(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], error: Any = None) -> Callable[[bytes], object]:
            started.extend((status, headers))
            return io.BytesIO().write

        body = b"".join(self.server.app(environ, start_response))
        status, headers = started
        self.send_response(int(status.split(" ", 1)[0]))
        has_length = False
        for name, value in headers:
            has_length |= name.lower() == "content-length"
            self.send_header(name, value)
        if not has_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def handle_expect_100(self) -> bool:
        """Ask for the body at once: the SDK waits a second for it, then sends it anyway."""
        proceed = super().handle_expect_100()
        self.wfile.flush()
        return proceed

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Requests are not logged."""


class WsgiServer(ThreadedWSGIServer):
    """Serves `app` on a free port until `close`."""

    # The process may end without `close`: its connections must not keep it.
    daemon_threads = True

    def __init__(self, app: Any) -> None:
        super().__init__("127.0.0.1", 0, app, handler=_Handler)
        self._connections: set[socket.socket] = set()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.1,), name="gero-moto", daemon=True)
        self._thread.start()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note the connection, then serve it in a thread."""
        with self._changed:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that has ended."""
        super().shutdown_request(request)
        with self._changed:
            self._connections.discard(request)
            self._changed.notify_all()

    def close(self) -> None:
        """Stop accepting, end every connection and wait for their threads."""
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._changed:
            for connection in self._connections:
                _end(connection)
            self._changed.wait_for(lambda: not self._connections, _CLOSING_SECONDS)
        # A thread forgets its connection as its very last act.
        time.sleep(0.01)


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # its client may have been first
        connection.shutdown(socket.SHUT_RDWR)
