"""A function URL: one function, every path, an answer that may stream (the function behind the Web Adapter)."""

from __future__ import annotations

import asyncio
import json
import logging
import time

from aiohttp import web

from infra.local.backend.wiring import Outcome
from infra.local.compute.runtime import LambdaRuntime
from infra.local.compute.web_app import WebApp, WebAppError
from infra.local.front import payload
from infra.local.front.listener import BodyTooLargeError, read_body

_LOG = logging.getLogger(__name__)
_MAX_BODY_BYTES = 6 * 1024 * 1024


class FunctionUrlServer:
    """Answers the requests of one function URL. Lives on the loop."""

    def __init__(self, function: str, runtime: LambdaRuntime) -> None:
        self._function = runtime.find(function)
        self._runtime = runtime

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; 502 is Lambda's answer for a function that failed."""
        try:
            body = await read_body(request, _MAX_BODY_BYTES)
        except BodyTooLargeError:
            return _message(413, "Request Entity Too Large")
        if isinstance(self._function, WebApp):
            return await self._stream(self._function, request, body)
        event = payload.event(request, body, route_key="$default", parameters={}, api_id="url")
        outcome = await self._runtime.invoke(self._function.spec.name, json.dumps(event).encode())
        if outcome.error:
            return _message(502, "Internal Server Error")
        try:
            return payload.response(outcome.payload)
        except payload.MalformedResponseError:
            return _message(502, "Internal Server Error")

    async def _stream(self, app: WebApp, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        started = time.perf_counter()
        outcome = Outcome(b"")
        try:
            return await app.proxy(request, body)
        except (WebAppError, TimeoutError) as error:
            _LOG.warning("%s: %s", app.spec.short_name, error)
            outcome = Outcome(str(error).encode(), "Unhandled")
            return _message(502, "Internal Server Error")
        except (asyncio.CancelledError, ConnectionError):
            outcome = Outcome(b"the client closed the connection", "Disconnected")
            raise
        finally:
            self._runtime.record(app.spec, started, outcome)


def _message(status: int, text: str) -> web.Response:
    # Function URLs write it with a capital, unlike API Gateway.
    return web.json_response({"Message": text}, status=status)
