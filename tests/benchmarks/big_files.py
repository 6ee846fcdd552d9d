"""A hub whose files are made while they are sent, and AWS in moto: `python -m tests.benchmarks.big_files`."""

import gzip
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from moto.server import ThreadedMotoServer

ROWS = 1_000_000
LINE_BYTES = 4_000_000
LONG_LINES = 2 * 1024**3 // LINE_BYTES
_NOTE = "A customer wrote about an order that has not arrived yet. " * 3


def million() -> Iterator[bytes]:
    """A million rows, each of its own, about 250 bytes long."""
    for start in range(0, ROWS, 1000):
        rows = (f'{{"question": "{_NOTE}{n}", "answer": "{n % 7}"}}\n' for n in range(start, start + 1000))
        yield "".join(rows).encode()


def long_lines() -> Iterator[bytes]:
    """2 GB in few lines as long as they may be; some MB on the wire."""
    rest = gzip.compress(b"a" * (LINE_BYTES - 100) + b'"}}\n')
    for n in range(LONG_LINES):
        yield gzip.compress(b'{"id": %d, "input": "q", "answer": "x", "metadata": {"note": "' % n, 1) + rest


FILES = {"million.jsonl": million, "long.jsonl.gz": long_lines}


class Handler(BaseHTTPRequestHandler):
    """Sends a file of FILES; its end is that of the connection."""

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.end_headers()
        for piece in FILES[self.path.rpartition("/")[2]]():
            self.wfile.write(piece)


if __name__ == "__main__":
    moto = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    moto.start()
    hub = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(hub.server_port, moto.get_host_and_port()[1], flush=True)
    hub.serve_forever()
