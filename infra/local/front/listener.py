"""Listening sockets and the small HTTP server upon them."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable

from aiohttp import web

_SHUTDOWN_SECONDS = 0.1  # aiohttp waits for ever when it is told 0

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class PortInUseError(OSError):
    """Another process listens on the wished port."""


class BodyTooLargeError(ValueError):
    """The request's body is larger than the service takes."""


def listen(port: int) -> socket.socket:
    """A listening socket on the loopback interface; port 0 takes any free one. Raises PortInUseError."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        # At once, so that a client which is early waits instead of being refused.
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise PortInUseError(f"port {port} is in use; stop the other Gero or choose --port") from error
    return listener


def url_of(listener: socket.socket) -> str:
    """The address of a listening socket, without a path."""
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


class Listener:
    """Serves one socket with one handler. Lives on the loop."""

    def __init__(self, listener: socket.socket, handler: Handler) -> None:
        self._socket = listener
        # A client that leaves cancels its handler: that is how a stream learns of it.
        self._server = web.Server(handler, access_log=None, handler_cancellation=True)
        self._runner = web.ServerRunner(self._server, shutdown_timeout=_SHUTDOWN_SECONDS)

    async def start(self) -> None:
        """Accept connections."""
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket).start()

    async def close(self) -> None:
        """Close every connection and the socket."""
        await self._runner.cleanup()
        self._socket.close()


async def read_body(request: web.BaseRequest, limit: int) -> bytes:
    """The whole body. Raises BodyTooLargeError as soon as it is known to exceed `limit` bytes."""
    if (request.content_length or 0) > limit:
        raise BodyTooLargeError
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise BodyTooLargeError
    return bytes(body)
