"""All functions of the cloud by name: synchronous and asynchronous invocations, and a record of each."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from infra.local.backend.wiring import Outcome
from infra.local.compute.environment import Environment
from infra.local.compute.function import Function, FunctionSpec
from infra.local.compute.process import Launcher
from infra.local.compute.web_app import WebApp

_LOG = logging.getLogger(__name__)
_DEFAULT_RETRIES = 2  # of an asynchronous invocation, as on AWS
_KEPT_RECORDS = 100_000


@dataclass(frozen=True)
class Invocation:
    """One finished invocation; `error` is None or the error's JSON."""

    function: str
    duration_seconds: float
    error: str | None


class UnknownFunctionError(LookupError):
    """No function of the template has this name."""


class LambdaRuntime:
    """Runs the functions of a deployment. Lives on the loop."""

    def __init__(
        self, specs: Iterable[FunctionSpec], launcher: Launcher, retries: dict[str, int], retry_delay_seconds: float
    ) -> None:
        self._launcher = launcher
        self._retries = retries
        self._retry_delay_seconds = retry_delay_seconds
        self._functions = {spec.name: self._create(spec) for spec in specs}
        self._names = {spec.short_name: name for name, spec in self.specs.items()}
        self._background: set[asyncio.Task[None]] = set()
        self.invocations: deque[Invocation] = deque(maxlen=_KEPT_RECORDS)

    @property
    def specs(self) -> dict[str, FunctionSpec]:
        """Function name to its settings."""
        return {name: function.spec for name, function in self._functions.items()}

    def find(self, name: str) -> Function | WebApp:
        """The function of this physical or short name. Raises UnknownFunctionError."""
        function = self._functions.get(self._names.get(name, name))
        if function is None:
            raise UnknownFunctionError(f"no function {name}; there are {', '.join(sorted(self._names))}")
        return function

    async def invoke(self, name: str, payload: bytes) -> Outcome:
        """Invoke synchronously; what the function did wrong is in the outcome."""
        function = self.find(name)
        if isinstance(function, WebApp):
            raise UnknownFunctionError(f"{name} is a web app: it is reached by its function URL")
        started = time.perf_counter()
        outcome = await function.invoke(payload or b"{}")
        self.record(function.spec, started, outcome)
        return outcome

    def record(self, spec: FunctionSpec, started: float, outcome: Outcome) -> None:
        """Note a finished invocation that began at `started` (time.perf_counter)."""
        error = outcome.payload.decode(errors="replace") if outcome.error else None
        if error:
            _LOG.info("%s failed: %.500s", spec.short_name, error)
        self.invocations.append(Invocation(spec.short_name, time.perf_counter() - started, error))

    def invoke_later(self, name: str, payload: bytes) -> None:
        """Invoke asynchronously (`Event`): errors are retried, then dropped, as on AWS without a destination."""
        self.find(name)
        task = asyncio.get_running_loop().create_task(self._invoke_with_retries(name, payload))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def close(self) -> None:
        """End every process."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await asyncio.gather(*(function.close() for function in self._functions.values()))

    def _create(self, spec: FunctionSpec) -> Function | WebApp:
        if spec.is_web_app:
            return WebApp(spec, self._launcher)
        return Function(spec, lambda: Environment(spec, self._launcher))

    async def _invoke_with_retries(self, name: str, payload: bytes) -> None:
        for attempt in range(1 + self._retries.get(name, _DEFAULT_RETRIES)):
            if attempt:
                await asyncio.sleep(self._retry_delay_seconds * attempt)
            if not (await self.invoke(name, payload)).error:
                return
