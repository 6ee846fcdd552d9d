"""Runs a function that the Lambda Web Adapter fronts: its web server as a process, requests proxied and streamed.

Faithful to the adapter: the same script starts the server, readiness is an open port, chunks are passed on as they
come, a client that leaves closes the server's connection. Not faithful: one process serves many requests at once.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
import uuid
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

from infra.local.compute.process import Launcher, Process

if TYPE_CHECKING:
    from infra.local.compute.function import FunctionSpec

_INIT_SECONDS = 60
_READY_POLL_SECONDS = 0.02
# Headers of one connection, not of the message (RFC 9110 §7.6.1).
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding"}
    | {"upgrade", "host", "content-length", "expect"}  # the body is here already: nobody is asked whether to send it
)


class WebAppError(Exception):
    """The function's web server did not come up, or broke the connection before it answered."""


class WebApp:
    """One web server process, started with the first request and again after it has died. Lives on the loop."""

    def __init__(self, spec: FunctionSpec, launcher: Launcher) -> None:
        self.spec = spec
        self._launcher = launcher
        self._process: Process | None = None
        self._url = ""
        self._starting = asyncio.Lock()
        self._session = aiohttp.ClientSession(
            auto_decompress=False,
            # Below the five seconds after which uvicorn closes an idle connection.
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=3),
            timeout=aiohttp.ClientTimeout(total=None),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )

    @property
    def pids(self) -> list[int]:
        """The process id of the server, if it is up."""
        return [self._process.pid] if self._process and self._process.alive else []

    async def warm(self, count: int) -> None:
        """Start the server. Raises WebAppError."""
        await self._running()

    async def proxy(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        """Answer a request through the server, each chunk as soon as it comes. Raises WebAppError before the first."""
        async with asyncio.timeout(self.spec.timeout_seconds):
            upstream = await self._send(request, body)
            async with upstream:
                response = web.StreamResponse(status=upstream.status, reason=upstream.reason)
                for name, value in upstream.headers.items():
                    if name.lower() not in HOP_BY_HOP:
                        response.headers.add(name, value)
                await response.prepare(request)
                async for chunk in upstream.content.iter_any():
                    await response.write(chunk)
                await response.write_eof()
        return response

    async def close(self) -> None:
        """End the server."""
        await self._session.close()
        await self._stop()

    async def _send(self, request: web.BaseRequest, body: bytes) -> aiohttp.ClientResponse:
        headers = [(name, value) for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP]
        headers += [("Host", request.host), *self._lambda_headers(request)]
        for _ in range(2):
            url = await self._running() + request.raw_path
            try:
                return await self._session.request(
                    request.method, url, headers=headers, data=body or None, allow_redirects=False
                )
            except aiohttp.ClientConnectorError:
                # Its process dies a moment after its port; no server has seen the request yet.
                await self._stop()
            except aiohttp.ClientError as error:
                raise WebAppError(f"{self.spec.name}: {error}") from error
        raise WebAppError(f"{self.spec.name} does not listen")

    def _lambda_headers(self, request: web.BaseRequest) -> list[tuple[str, str]]:
        """What a Function URL and the adapter add to a request."""
        context = {
            "request_id": str(uuid.uuid4()),
            "deadline": int((time.time() + self.spec.timeout_seconds) * 1000),
            "invoked_function_arn": self.spec.arn,
        }
        return [
            ("x-forwarded-for", request.remote or "127.0.0.1"),
            ("x-forwarded-proto", "http"),
            ("x-amzn-lambda-context", json.dumps(context)),
        ]

    async def _stop(self) -> None:
        if self._process:
            self._process.kill()
            await self._process.wait()

    async def _running(self) -> str:
        async with self._starting:
            if not self.pids:
                await self._start()
            return self._url

    async def _start(self) -> None:
        port = _free_port()
        self._process = await self._launcher.start_web_app(self.spec, port)
        self._url = f"http://127.0.0.1:{port}"
        try:
            async with asyncio.timeout(_INIT_SECONDS):
                while not await _accepts(port):
                    await asyncio.sleep(_READY_POLL_SECONDS)
                    if not self._process.alive:
                        raise WebAppError(f"{self.spec.name} ended before it listened; see its log")
        except TimeoutError:
            self._process.kill()
            raise WebAppError(f"{self.spec.name} did not listen within {_INIT_SECONDS} seconds") from None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
