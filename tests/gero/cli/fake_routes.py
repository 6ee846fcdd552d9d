"""How the API in memory answers requests: routes, refusals, pages, and the socket in front of them."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

Answer = tuple[int, Any]
ROUTES: list[tuple[str, re.Pattern[str], str]] = []


class Api(Protocol):
    def handle(
        self, method: str, path: str, query: dict[str, str], body: Any, headers: Mapping[str, str]
    ) -> Answer: ...


class Response(NamedTuple):
    """A body in pieces, each sent as it comes, and its headers; it ends with the connection."""

    pieces: Iterable[bytes]
    headers: Mapping[str, str]


class Refused(Exception):
    def __init__(self, status: int, error: str, **details: Any) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, "code": "refused", "details": details}


def route(method: str, path: str) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    def register(function: Callable[..., Answer]) -> Callable[..., Answer]:
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
        ROUTES.append((method, pattern, function.__name__))
        return function

    return register


def answer(api: Any, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
    for verb, pattern, name in ROUTES:
        if verb == method and (match := pattern.fullmatch(path)):
            try:
                found: Answer = getattr(api, name)(query, body, **{k: unquote(v) for k, v in match.groupdict().items()})
                return found
            except Refused as refused:
                return refused.status, refused.body
    return 404, {"error": f"there is no {method} {path}", "code": "not_found", "details": {}}


def found(objects: dict[str, dict[str, Any]], identifier: str, noun: str) -> dict[str, Any]:
    if identifier not in objects:
        raise Refused(404, f"there is no such {noun} in this workspace")
    return objects[identifier]


def page(key: str, items: list[Any], query: dict[str, str]) -> dict[str, Any]:
    limit, offset = int(query.get("limit", 50)), int(query.get("offset", 0))
    items_there = items[offset : offset + limit]
    return {key: items_there, "count": len(items_there), "total": len(items), "limit": limit, "offset": offset}


class Handler(BaseHTTPRequestHandler):
    api: Api
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one segment for head and body: two would wait for a delayed acknowledgement

    def answer(self) -> None:
        url = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(content) if content else None
        status, answer = self.api.handle(self.command, url.path, dict(parse_qsl(url.query)), body, dict(self.headers))
        if isinstance(answer, Response):
            self.send_pieces(status, answer)
            return
        data = b"" if answer is None else answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        with suppress(ConnectionError):
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    def send_pieces(self, status: int, response: Response) -> None:
        self.close_connection = True
        with suppress(ConnectionError):
            self.send_response(status)
            for name, value in {**response.headers, "Connection": "close"}.items():
                self.send_header(name, value)
            self.end_headers()
            for piece in response.pieces:
                self.wfile.write(piece)
                self.wfile.flush()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Stay silent."""


def handler(api: Api) -> type[Handler]:
    verbs = ("GET", "POST", "PUT", "PATCH", "DELETE")
    return type("ApiHandler", (Handler,), {"api": api, **{f"do_{verb}": Handler.answer for verb in verbs}})
