"""Keeps Lambda from freezing the process while something is left to do after the answer.

An invocation ends for the client when its answer does. Lambda freezes the sandbox only once its extensions are done
with the invocation too; so the app registers itself as an (internal) extension, and is done when what follows an answer
is. Outside of Lambda there is nobody to tell, and nothing freezes.

Source: AWS Lambda Developer Guide, "Lambda Extensions API".
"""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any

import aiohttp
import msgspec

from gero.kit import log

_RUNTIME_API = "AWS_LAMBDA_RUNTIME_API"
_NAME = "gero-after-answer"
_SPARE_SECONDS = 0.5  # before the deadline of an invocation, whose work is then given up
_START_SECONDS = 2
_TRIES = 3


class _Event(msgspec.Struct, rename="camel"):
    event_type: str = ""
    deadline_ms: int = 0


def on_lambda() -> bool:
    """Whether this process is frozen between invocations."""
    return _RUNTIME_API in os.environ


class Lingering:
    """What is still to be done after answers. Lives on one event loop."""

    def __init__(self) -> None:
        self.freezes = False
        """Whether the process may freeze at the end of an answer: then what follows must come before the end."""
        self._tasks: set[asyncio.Task[None]] = set()
        # Requests that began, those that are over, and those whose invocation ended before they did.
        self._begun = self._finished = self._late = 0
        self._moved = asyncio.Event()
        self._finishing = 0

    def do(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Do something after the answer; the process lives until it is done."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def done(self) -> None:
        """Wait until nothing is left to do."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    @contextlib.contextmanager
    def request(self) -> Iterator[None]:
        """Around a request; where an invocation is held open for it, it is over once what follows it is done."""
        self._begun += 1
        try:
            yield
        finally:
            self._finishing += 1
            self._finish()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._finish()

    def _finish(self) -> None:
        """Count the requests that are over; on Lambda there is one at a time."""
        if self._tasks or not self._finishing:
            return
        late = min(self._late, self._finishing)  # their invocations were given up, and counted then
        self._finished += self._finishing - late
        self._late -= late
        self._finishing = 0
        self._moved.set()

    @contextlib.asynccontextmanager
    async def held_open(self) -> AsyncIterator[None]:
        """While the app serves: every invocation stays open until what follows its answer is done."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
            follower = await self._register(session)
            try:
                yield
                await self.done()
            finally:
                if follower:
                    follower.cancel()

    async def _register(self, session: aiohttp.ClientSession) -> "asyncio.Task[None] | None":
        if not on_lambda():
            return None
        api = f"http://{os.environ[_RUNTIME_API]}/2020-01-01/extension"
        try:
            async with session.post(
                f"{api}/register",
                json={"events": ["INVOKE"]},
                headers={"Lambda-Extension-Name": _NAME},
                timeout=aiohttp.ClientTimeout(total=_START_SECONDS),
            ) as answer:
                answer.raise_for_status()
                own = answer.headers["Lambda-Extension-Identifier"]
        except (aiohttp.ClientError, TimeoutError, KeyError) as error:
            log.failure("extension.not_registered", error)
            self.freezes = True
            return None
        return asyncio.ensure_future(self._follow(session, f"{api}/event/next", own))

    async def _follow(self, session: aiohttp.ClientSession, url: str, own: str) -> None:
        """Take part in each invocation: one request each, and one at a time."""
        invoked = failures = 0
        while True:
            try:
                async with session.get(url, headers={"Lambda-Extension-Identifier": own}) as answer:
                    answer.raise_for_status()
                    event = msgspec.json.decode(await answer.read(), type=_Event)
            except (aiohttp.ClientError, msgspec.DecodeError) as error:
                failures += 1
                if failures < _TRIES:
                    continue
                # An extension that asks no more holds up every invocation to its time-out: better a new process.
                log.failure("extension.lost", error)
                os.kill(os.getpid(), signal.SIGTERM)
                return
            failures = 0
            if event.event_type == "INVOKE":
                invoked += 1
                await self._until(invoked, event.deadline_ms / 1000 - time.time() - _SPARE_SECONDS)

    async def _until(self, invoked: int, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                while self._finished < invoked:
                    self._moved.clear()
                    await self._moved.wait()
            return
        self._finished += 1
        if self._begun < invoked:
            self._begun += 1  # it never came, and is not waited for again
        else:
            self._late += 1
