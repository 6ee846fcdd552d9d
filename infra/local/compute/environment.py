"""One execution environment: a process under awslambdaric and the Lambda Runtime API that it talks to.

Faithful to the Runtime API (next, response, error, init/error), to the deadline, to the timeout (the process is
killed) and to what a caller gets when the process ends by itself. Not faithful: the process is not frozen between
invocations, and the init phase may take longer than AWS's ten seconds.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from infra.local.backend.wiring import Outcome
from infra.local.compute.process import Process

if TYPE_CHECKING:
    from infra.local.compute.function import FunctionSpec
    from infra.local.compute.process import Launcher

_INIT_SECONDS = 60
_SHUTDOWN_SECONDS = 0.1  # aiohttp waits for ever when it is told 0
_MAX_RESPONSE_BYTES = 6 * 1024 * 1024
_ACCEPTED = {"status": "OK"}


class InitError(Exception):
    """The environment could not be started; `payload` is the error as the caller of Invoke gets it."""

    def __init__(self, payload: bytes) -> None:
        super().__init__(payload.decode(errors="replace"))
        self.payload = payload


@dataclass
class _Job:
    payload: bytes
    deadline_ms: int
    outcome: asyncio.Future[Outcome]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


class Environment:
    """Runs invocations one after the other in one process. Lives on the loop."""

    def __init__(self, spec: FunctionSpec, launcher: Launcher) -> None:
        self._spec = spec
        self._launcher = launcher
        self._process: Process | None = None
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue()
        self._job: _Job | None = None
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # A killed process must not leave its waiting `next` behind.
        self._api = web.Server(self._serve, access_log=None, handler_cancellation=True)
        self._listener: asyncio.Server | None = None
        self._watcher: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        """False as soon as the process has ended or was killed."""
        return self._process is not None and self._process.alive

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid if self._process else 0

    async def start(self) -> None:
        """Start the process and wait until it asks for its first invocation. Raises InitError."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._api, "127.0.0.1", 0)
        port = self._listener.sockets[0].getsockname()[1]
        self._process = await self._launcher.start_runtime(self._spec, f"127.0.0.1:{port}")
        self._watcher = asyncio.create_task(self._watch(self._process))
        try:
            async with asyncio.timeout(_INIT_SECONDS):
                await self._ready
        except TimeoutError:
            raise InitError(_error("Runtime.InitTimeout", f"Init timed out after {_INIT_SECONDS} seconds")) from None

    async def invoke(self, payload: bytes) -> Outcome:
        """Run one invocation within the function's timeout."""
        timeout = self._spec.timeout_seconds
        deadline_ms = int((time.time() + timeout) * 1000)
        job = _Job(payload, deadline_ms, asyncio.get_running_loop().create_future())
        self._job = job
        self._jobs.put_nowait(job)
        try:
            async with asyncio.timeout(timeout):
                return await job.outcome
        except TimeoutError:
            self._kill()
            message = f"RequestId: {job.id} Error: Task timed out after {timeout:.2f} seconds"
            return Outcome(_error("Sandbox.Timedout", message), "Unhandled")
        except asyncio.CancelledError:
            # Its caller is gone, but the process still works on it: it cannot take another invocation.
            self._kill()
            raise
        finally:
            self._job = None

    async def close(self) -> None:
        """Kill the process and close its Runtime API."""
        self._kill()
        if self._watcher:
            await self._watcher
        if self._listener:
            self._listener.close()
        await self._api.shutdown(timeout=_SHUTDOWN_SECONDS)

    def _kill(self) -> None:
        if self._process:
            self._process.kill()

    async def _watch(self, process: Process) -> None:
        status = await process.wait()
        job = self._job
        request = f"RequestId: {job.id} " if job else ""
        payload = _error("Runtime.ExitError", f"{request}Error: Runtime exited with error: {status}")
        if not self._ready.done():
            self._ready.set_exception(InitError(payload))
        if job and not job.outcome.done():
            job.outcome.set_result(Outcome(payload, "Unhandled"))

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.endswith("/invocation/next"):
            return await self._next()
        body = await request.content.read()
        if request.path.endswith("/init/error"):
            if not self._ready.done():
                self._ready.set_exception(InitError(body))
            return web.json_response(_ACCEPTED, status=202)
        *_, request_id, kind = request.path.split("/")
        return self._finish(request_id, kind, body)

    async def _next(self) -> web.Response:
        if not self._ready.done():
            self._ready.set_result(None)
        job = await self._jobs.get()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": job.id,
            "Lambda-Runtime-Deadline-Ms": str(job.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self._spec.arn,
            "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]};Sampled=0",
            "Content-Type": "application/json",
        }
        return web.Response(body=job.payload, headers=headers)

    def _finish(self, request_id: str, kind: str, body: bytes) -> web.Response:
        job = self._job
        if job is None or job.id != request_id or job.outcome.done():
            return web.json_response({"errorType": "InvalidRequestID", "errorMessage": request_id}, status=400)
        if kind == "error":
            job.outcome.set_result(Outcome(body, "Unhandled"))
        elif len(body) > _MAX_RESPONSE_BYTES:
            message = f"Response payload size exceeded maximum allowed payload size ({_MAX_RESPONSE_BYTES} bytes)."
            job.outcome.set_result(Outcome(_error("Function.ResponseSizeTooLarge", message), "Unhandled"))
        else:
            job.outcome.set_result(Outcome(body))
        return web.json_response(_ACCEPTED, status=202)


def _error(kind: str, message: str) -> bytes:
    error: dict[str, Any] = {"errorType": kind, "errorMessage": message}
    return json.dumps(error).encode()
