"""The hub stand-in and hubs that misbehave, for tests."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from infra.local.stand_ins import StandIns
from infra.local.stand_ins.background import BackgroundServers
from infra.local.stand_ins.hub import Hub


@contextmanager
def hub_with(path: Path) -> Iterator[tuple[str, str]]:
    """Serve a file as the dataset test/rows; gives the hub's address and the file's URL."""
    with StandIns(datasets={"test/rows": path}) as stand_ins:
        yield stand_ins.hub_url, f"{stand_ins.hub_url}/datasets/test/rows/resolve/main/{path.name}"


@contextmanager
def serving(hub: Hub) -> Iterator[str]:
    """Serve a hub; gives its address."""
    servers = BackgroundServers()
    try:
        yield servers.serve(hub.app())
    finally:
        servers.close()


@contextmanager
def answering(answer: Callable[[BaseHTTPRequestHandler], None], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server whose every GET is answered by `answer`; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            answer(self)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def reply(request: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    """Answer with headers whose names have _ for -; the length is told unless `Content_Length` is given."""
    request.send_response(status)
    for name, value in {"Content_Length": str(len(body)), **headers}.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(body)
