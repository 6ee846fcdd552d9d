"""The response that lets the client go before the trace is sent, and Lambda freeze only after it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_encode = msgspec.json.Encoder().encode


class AnswerThenTrace(Response):
    """Sends the whole body, then runs `afterwards`, and only then ends the stream.

    A background task would run after the end of the stream, when Lambda may already have frozen the process.
    """

    media_type = "application/json"

    def __init__(
        self, body: Any, status: int, headers: Mapping[str, str], afterwards: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(_encode(body), status, headers)
        self._afterwards = afterwards

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI side."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        await self._afterwards()
        await send({"type": "http.response.body", "body": b"", "more_body": False})
