"""`python -m infra.local.stand_ins.hub --serve owner/name=DIR --port N`: rank on files of your own, offline."""

import argparse
import re
import socket
from pathlib import Path

from aiohttp import web

from infra.local.stand_ins.hub import Hub

_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


def _repository(text: str) -> tuple[str, Path]:
    name, _, place = text.partition("=")
    if not _NAME.fullmatch(name) or not Path(place or "?").exists():
        raise argparse.ArgumentTypeError(f"{text!r} is not owner/name=DIR with an existing folder or file")
    return name, Path(place)


def serve(arguments: list[str] | None = None) -> None:
    """Serve the named folders on 127.0.0.1 until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.stand_ins.hub", description=__doc__)
    parser.add_argument("--serve", metavar="OWNER/NAME=DIR", type=_repository, action="append", required=True)
    parser.add_argument("--port", type=int, default=8090)
    chosen = parser.parse_args(arguments)
    repositories = dict(chosen.serve)
    listener = socket.create_server(("127.0.0.1", chosen.port))
    for name in repositories:
        print(f"http://127.0.0.1:{listener.getsockname()[1]}/datasets/{name}/resolve/main/FILE.jsonl", flush=True)
    web.run_app(Hub(repositories).app(), sock=listener, print=None)


if __name__ == "__main__":
    serve()
