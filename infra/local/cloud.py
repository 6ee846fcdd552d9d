"""The local cloud: the product's synthesized template, running on this machine.

with LocalCloud.start(port=4566) as cloud:
    httpx.get(cloud.api_url + "/...")
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import socket
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from infra.local.backend.server import Backend
from infra.local.backend.wiring import Denial, Outcome
from infra.local.compute.loop import LoopThread
from infra.local.compute.process import Launcher
from infra.local.compute.runtime import Invocation, LambdaRuntime
from infra.local.deployment import Host, deploy
from infra.local.front.function_url import FunctionUrlServer
from infra.local.front.http_api import HttpApiServer
from infra.local.front.listener import Listener, PortInUseError, listen, url_of
from infra.local.interrupted import end_runs
from infra.local.inventory import FunctionUrl
from infra.local.persistence import kept
from infra.local.synthesis import synthesize
from infra.local.triggers.delivery import Delivery
from infra.local.triggers.queue_source import QueuePoller
from infra.local.triggers.schedules import Clock

_REPOSITORY = Path(__file__).resolve().parents[2]
_RETRY_DELAY_SECONDS = 1.0  # of asynchronous invocations; AWS waits a minute


@dataclass(frozen=True)
class _Options:
    assembly: Path
    source: Path | None  # where all functions run from; None: from their assets
    data: Path | None
    port: int
    environment: dict[str, str]
    echo_logs: bool


def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="gero-local-", ignore_cleanup_errors=True)


class LocalCloud:
    """Everything of one running local cloud; ends with `close` or as a context manager. One per process at a time."""

    def __init__(self, options: _Options) -> None:
        """Use `start`."""
        self._cleanup = contextlib.ExitStack()
        self._listeners: list[Listener] = []
        self._urls: dict[str, FunctionUrl] = {}
        self._api: HttpApiServer | None = None
        self._fixed_port = options.port != 0
        try:
            self._start(options)
        except BaseException:
            self._cleanup.close()
            raise

    def _start(self, options: _Options) -> None:
        """Start the parts in the order of their needs; what is registered for cleanup ends in the opposite order."""
        cleanup = self._cleanup.callback
        self._socket = self._listen(options.port)
        self.api_url = url_of(self._socket)
        folder = options.data or Path(self._cleanup.enter_context(_temporary_folder()))
        self._backend = Backend()
        cleanup(self._backend.close)
        self._loop = LoopThread()
        cleanup(self._loop.close)
        clients = self._backend.clients
        self._launcher = Launcher(
            self._backend.endpoint, clients, folder, options.environment, echo_logs=options.echo_logs
        )
        cleanup(self._launcher.close)
        host = Host(clients.get, self.api_url, self._open_function_url, options.source)
        self.inventory = deploy(options.assembly, host)
        if options.data:  # loaded before anything acts on it, saved when every function has ended
            self._cleanup.enter_context(kept(options.data / "state", self._backend.wiring))
        if options.data and options.source:  # Gero's own template
            end_runs(self._backend.endpoint, self.outputs)
        self._runtime = self._loop.run(self._serve())
        cleanup(lambda: self._loop.run(self._stop()))
        self._connect()
        self._start_triggers()
        cleanup(self._backend.quiesce)
        # moto's and botocore's models are a million objects that live on: each full collection would take 0.3 s.
        gc.freeze()
        cleanup(gc.unfreeze)

    @classmethod
    def start(
        cls,
        *,
        port: int = 0,
        data: Path | None = None,
        context: dict[str, Any] | None = None,
        environment: dict[str, str] | None = None,
        echo_logs: bool = False,
        assembly: Path | None = None,
    ) -> LocalCloud:
        """Start the cloud and return when it answers.

        `port` is the HTTP API's (0: any free one), `data` the folder that keeps state and logs (None: nothing is kept).
        `context` adds to the CDK context, `environment` to the variables of functions, `echo_logs` prints their output,
        `assembly` runs another cdk.out. Raises PortInUseError, TemplateError, SynthesisError, StateError.
        """
        source = None
        if assembly is None:
            assembly, source = synthesize(_REPOSITORY / ".gero" / "assemblies", context or {}), _REPOSITORY
        return cls(_Options(assembly, source, data and data.resolve(), port, environment or {}, echo_logs))

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs of every stack."""
        return dict(self.inventory.outputs)

    @property
    def inference_url(self) -> str:
        """The address of the streaming function URL, ending with a slash."""
        return next(url.url for url in self._urls.values() if url.streaming)

    @property
    def denied(self) -> list[Denial]:
        """Calls that a role's policies did not allow."""
        return self._backend.wiring.denied

    @property
    def invocations(self) -> Sequence[Invocation]:
        """Finished invocations, oldest first."""
        return list(self._runtime.invocations)

    def client(self, service: str) -> Any:
        """A boto3 client with every right."""
        return self._backend.clients.get(service)

    def invoke(self, function: str, payload: bytes) -> Outcome:
        """Invoke a function synchronously."""
        return self._loop.run(self._runtime.invoke(function, payload))

    def warm(self, function: str, count: int = 1) -> None:
        """Start environments of a function until `count` are up (at most its concurrency)."""
        self._loop.run(self._runtime.find(function).warm(count))

    def workers(self, function: str) -> list[int]:
        """The process ids of a function's environments."""
        return self._runtime.find(function).pids

    def log(self, function: str) -> str:
        """What all environments of a function have printed."""
        file = self._launcher.log_file(self._runtime.find(function).spec)
        return file.read_text(errors="replace") if file.exists() else ""

    def fire_schedule(self, name: str) -> None:
        """Fire a schedule now; `name` is a part of its name or of its function's that fits no other."""
        self._clock.fire(name)

    def close(self) -> None:
        """End every process, thread and connection."""
        self._cleanup.close()

    def __enter__(self) -> LocalCloud:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _listen(self, port: int) -> socket.socket:
        listener = listen(port)
        self._cleanup.callback(listener.close)
        return listener

    def _open_function_url(self, function: str, streaming: bool) -> str:
        """Reserve the address of a function URL: the port after the API's if that one was chosen and is free."""
        wished = self._socket.getsockname()[1] + 1 + len(self._urls) if self._fixed_port else 0
        try:
            listener = self._listen(wished)
        except PortInUseError:
            listener = self._listen(0)
        url = url_of(listener) + "/"
        self._urls[function] = FunctionUrl(function, listener, url, streaming)
        return url

    def _connect(self) -> None:
        """Let moto's patched calls reach the functions."""

        def invoke(function: str, payload: bytes, wait: bool) -> Outcome:
            if wait:
                return self._loop.run(self._runtime.invoke(function, payload))
            self._loop.run(self._invoke_later(function, payload))
            return Outcome(b"")

        self._delivery = Delivery(self._loop, self._runtime, self._backend.clients)
        self._backend.wiring.invoke = invoke
        self._backend.wiring.deliver = self._delivery.send

    async def _invoke_later(self, function: str, payload: bytes) -> None:
        self._runtime.invoke_later(function, payload)

    async def _serve(self) -> LambdaRuntime:
        runtime = LambdaRuntime(
            self.inventory.functions.values(), self._launcher, self.inventory.async_retries, _RETRY_DELAY_SECONDS
        )
        for url in self._urls.values():
            self._listeners.append(Listener(url.listener, FunctionUrlServer(url.function, runtime).serve))
        for api in self.inventory.apis.values():
            self._api = HttpApiServer(api, runtime, self._status)
            self._listeners.append(Listener(self._socket, self._api.serve))
        for listener in self._listeners:
            await listener.start()
        return runtime

    def _start_triggers(self) -> None:
        self._clock = Clock(self.inventory.schedules, self._delivery)
        self._loop.spawn(self._clock.run())
        for source in self.inventory.sources:
            role = self.inventory.functions[source.function].role_arn
            queue = self.client("sqs").get_queue_url(QueueName=source.queue_arn.rsplit(":", 1)[-1])["QueueUrl"]
            poller = QueuePoller(source, queue, self._runtime, self._backend.clients.get("sqs", role))
            self._loop.spawn(poller.run())

    async def _stop(self) -> None:
        for listener in self._listeners:
            await listener.close()
        if self._api:
            await self._api.close()
        await self._runtime.close()

    def _status(self) -> dict[str, Any]:
        """What runs, for tools: `GET /_local/status`."""
        return {
            "outputs": self.outputs,
            "functions": {
                spec.short_name: {"workers": self._runtime.find(name).pids, "log": str(self._launcher.log_file(spec))}
                for name, spec in self._runtime.specs.items()
            },
            "denied": [dataclasses.asdict(denial) for denial in self.denied],
        }
