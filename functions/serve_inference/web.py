"""The little of a web framework that eight paths need: a tenth of the import of one, and of its time for a request.

Source: the ASGI specification, "HTTP & WebSocket" and "Lifespan".
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from gero.kit import TooLarge

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
JSON = {"content-type": "application/json"}
_encode = msgspec.json.Encoder().encode
_PART = re.compile(r"\{(\w+)(:path)?\}")


class ClientLeft(Exception):
    """The client closed the connection before its request had come whole."""


class Request:
    """A request: `headers` by lower-case name (repeated ones joined by commas), `parts` of its path by name."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.parts: dict[str, str] = {}
        self.receive = receive
        self.headers: dict[str, str] = {}
        for raw_name, raw_value in scope["headers"]:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            self.headers[name] = f"{self.headers[name]},{value}" if name in self.headers else value

    async def body(self, most_bytes: int) -> bytes:
        """The whole body. TooLarge above `most_bytes`; ClientLeft when it never comes whole."""
        pieces, size = [], 0
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientLeft
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
            if size > most_bytes:
                raise TooLarge(f"the body is larger than {most_bytes // 1024 // 1024} MB")
            if not message.get("more_body"):
                return b"".join(pieces)

    async def left(self) -> None:
        """Return once the client has closed the connection; to be called after `body`."""
        while (await self.receive())["type"] != "http.disconnect":
            pass


Endpoint = Callable[[Request, Send, Any], Awaitable[None]]
"""Answers a request, with what the app holds."""


class Route(NamedTuple):
    """What answers a method and a path."""

    method: str
    path: re.Pattern[str]
    endpoint: Endpoint


def route(method: str, path: str, endpoint: Endpoint) -> Route:
    """A route; `{name}` in the path stands for one part of it, `{name:path}` for all the rest."""
    pattern = _PART.sub(lambda found: f"(?P<{found[1]}>{'.+' if found[2] else '[^/]+'})", path)
    return Route(method, re.compile(pattern), endpoint)


async def start(send: Send, status: int, headers: Mapping[str, str]) -> None:
    """Begin the response. Names of headers are lower-case."""
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})


async def more(send: Send, body: bytes) -> None:
    """Send a piece of the body, after which others come."""
    if body:
        await send({"type": "http.response.body", "body": body, "more_body": True})


async def end(send: Send, body: bytes = b"") -> None:
    """Send the last piece of the body."""
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def reply(send: Send, status: int, document: Any, headers: Mapping[str, str] | None = None) -> None:
    """Send a whole JSON response."""
    body = _encode(document)
    await start(send, status, {**JSON, **(headers or {}), "content-length": str(len(body))})
    await end(send, body)
