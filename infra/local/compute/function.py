"""One Lambda function: its settings and its pool of execution environments."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.backend.wiring import Outcome
from infra.local.compute.environment import Environment, InitError

# A request waits for an environment beyond this; on AWS it would be throttled at the account's limit (1,000).
DEFAULT_CONCURRENCY = 8
# More cold starts at once than processors only delay each other.
_STARTS_AT_ONCE = max(2, os.cpu_count() or 2)


@dataclass(frozen=True)
class FunctionSpec:
    """A function as its template describes it; `code` and `layers` are folders."""

    name: str
    short_name: str
    arn: str
    role_arn: str
    handler: str
    code: Path
    layers: tuple[Path, ...]
    timeout_seconds: int
    memory_mb: int
    variables: dict[str, str]
    runtime: str
    reserved_concurrency: int | None = None

    @property
    def is_web_app(self) -> bool:
        """True when the Lambda Web Adapter runs the function: its handler is a script that starts a web server."""
        return self.variables.get("AWS_LAMBDA_EXEC_WRAPPER") == "/opt/bootstrap"

    @property
    def concurrency(self) -> int:
        """How many environments may run at once."""
        return DEFAULT_CONCURRENCY if self.reserved_concurrency is None else self.reserved_concurrency


class Function:
    """Hands invocations to idle environments and starts new ones while there are too few. Lives on the loop."""

    def __init__(self, spec: FunctionSpec, create: Callable[[], Environment]) -> None:
        self.spec = spec
        self._create = create
        self._environments: set[Environment] = set()
        self._idle: list[Environment] = []
        self._waiting: deque[asyncio.Future[Environment]] = deque()
        self._starting = 0
        self._background: set[asyncio.Task[None]] = set()

    @property
    def pids(self) -> list[int]:
        """Process ids of the environments that are up."""
        return sorted(environment.pid for environment in self._environments if environment.alive)

    async def invoke(self, payload: bytes) -> Outcome:
        """Run one invocation; errors of the function are in the outcome, never raised."""
        try:
            environment = await self._acquire()
        except InitError as error:
            return Outcome(error.payload, "Unhandled")
        try:
            return await environment.invoke(payload)
        finally:
            self._release(environment)

    async def warm(self, count: int) -> None:
        """Return when at least `count` environments (or as many as may run) are up. Raises InitError."""
        held: list[Environment] = []
        try:
            wanted = [self._acquire() for _ in range(min(count, self.spec.concurrency))]
            results = await asyncio.gather(*wanted, return_exceptions=True)
            held = [result for result in results if isinstance(result, Environment)]
            for result in results:
                if isinstance(result, BaseException):
                    raise result
        finally:
            for environment in held:
                self._release(environment)

    async def close(self) -> None:
        """Kill every environment."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await asyncio.gather(*(environment.close() for environment in self._environments))

    async def _acquire(self) -> Environment:
        while self._idle:
            environment = self._idle.pop()
            if environment.alive:
                return environment
            await self._discard(environment)
        waiter: asyncio.Future[Environment] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        self._grow()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._release(waiter.result())
            raise

    def _release(self, environment: Environment) -> None:
        if not environment.alive:
            self._spawn(self._discard(environment))
            return
        waiter = self._next_waiter()
        if waiter is None:
            self._idle.append(environment)
        else:
            waiter.set_result(environment)

    def _grow(self) -> None:
        waiting = sum(not waiter.done() for waiter in self._waiting)
        room = self.spec.concurrency - len(self._environments)
        for _ in range(min(waiting - self._starting, room, _STARTS_AT_ONCE - self._starting)):
            environment = self._create()
            self._environments.add(environment)
            self._starting += 1
            self._spawn(self._start(environment))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _next_waiter(self) -> asyncio.Future[Environment] | None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                return waiter
        return None

    async def _start(self, environment: Environment) -> None:
        failure: InitError | None = None
        try:
            await environment.start()
        except InitError as error:
            failure = error
        finally:
            self._starting -= 1
        if failure is None:
            self._release(environment)
            self._grow()  # others may still wait: only few start at once
            return
        # The invocation that waited longest gets the error; the next one makes another attempt.
        if waiter := self._next_waiter():
            waiter.set_exception(failure)
        await self._discard(environment)

    async def _discard(self, environment: Environment) -> None:
        self._environments.discard(environment)
        await environment.close()
        self._grow()
