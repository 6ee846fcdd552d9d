"""An OTLP/HTTP collector that keeps what it was sent: real HTTP, told statuses."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class CollectorServer:
    """Answers with the next of `statuses` (then 200), `headers` and `body`, after `seconds`."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}
        self.body = b""
        self.seconds = 0.0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
                time.sleep(collector.seconds)
                self.send_response(collector.statuses.pop(0) if collector.statuses else 200)
                for name, value in collector.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(collector.body)))
                with suppress(ConnectionError):  # a client that waits no longer
                    self.end_headers()
                    self.wfile.write(collector.body)

        return Handler


@contextmanager
def collector_server() -> Iterator[CollectorServer]:
    """Serve until the block ends."""
    found = CollectorServer()
    thread = threading.Thread(target=found.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        found.server.shutdown()
        found.server.server_close()
