"""Beside a stand-in of Lambda's Extensions API: the process stays awake until what follows an answer is done."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from functions.serve_inference.lingering import Lingering


class Extensions:
    """Answers as Lambda does: an event for each invocation, once the extension asks for the next one."""

    def __init__(self) -> None:
        self.registered: dict[str, str] = {}
        self.asks: asyncio.Queue[bool] = asyncio.Queue()
        self.deadline_seconds = 5.0
        self._events: asyncio.Queue[dict[str, object]] = asyncio.Queue()

    def invoke(self) -> None:
        deadline = int((time.time() + self.deadline_seconds) * 1000)
        self._events.put_nowait({"eventType": "INVOKE", "deadlineMs": deadline, "requestId": "r", "tracing": {}})

    async def answer(self, request: web.BaseRequest) -> web.Response:
        if request.path.endswith("/register"):
            self.registered = {"name": request.headers["Lambda-Extension-Name"], "body": await request.text()}
            return web.json_response({}, headers={"Lambda-Extension-Identifier": "own"})
        assert request.headers["Lambda-Extension-Identifier"] == "own"
        self.asks.put_nowait(True)
        return web.json_response(await self._events.get())


@pytest.fixture
async def extensions(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Extensions]:
    found = Extensions()
    server = await asyncio.get_running_loop().create_server(web.Server(found.answer), "127.0.0.1", 0)
    monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
    yield found
    server.close()


@asynccontextmanager
async def lingering() -> AsyncIterator[Lingering]:
    found = Lingering()
    async with found.held_open():
        yield found


async def asked(extensions: Extensions) -> None:
    """Wait until the extension asks for the next event: it is done with the one before."""
    await asyncio.wait_for(extensions.asks.get(), 5)


async def test_an_invocation_ends_once_what_follows_its_answer_is_done(extensions: Extensions) -> None:
    async with lingering() as held:
        await asked(extensions)
        assert "INVOKE" in extensions.registered["body"]
        sent = asyncio.Event()

        async def follow() -> None:
            await sent.wait()

        extensions.invoke()
        with held.request():
            held.do(follow())
        await asyncio.sleep(0.1)
        assert extensions.asks.empty(), "the trace is not sent yet"
        sent.set()
        await asked(extensions)


async def test_a_request_that_is_over_before_its_event_came_is_not_waited_for_again(extensions: Extensions) -> None:
    async with lingering() as held:
        await asked(extensions)
        with held.request():
            pass
        await asyncio.sleep(0.01)
        extensions.invoke()
        await asked(extensions)


async def test_an_invocation_without_a_request_ends_before_its_deadline(extensions: Extensions) -> None:
    extensions.deadline_seconds = 0.6
    async with lingering() as held:
        extensions.invoke()
        await asked(extensions)
        await asked(extensions)
        extensions.invoke()
        with held.request():
            pass
        await asked(extensions)


async def test_a_request_that_is_later_than_its_invocation_is_not_taken_for_the_next_one(
    extensions: Extensions,
) -> None:
    extensions.deadline_seconds = 0.6
    async with lingering() as held:
        await asked(extensions)
        late, sent = asyncio.Event(), asyncio.Event()
        with held.request():
            held.do(waiting(late))
        extensions.invoke()
        await asked(extensions)  # given up at its deadline
        late.set()
        await asyncio.sleep(0.01)
        extensions.deadline_seconds = 5
        extensions.invoke()
        with held.request():
            held.do(waiting(sent))
        await asyncio.sleep(0.1)
        assert extensions.asks.empty(), "its own work is not done yet"
        sent.set()
        await asked(extensions)


async def waiting(event: asyncio.Event) -> None:
    await event.wait()


async def test_many_requests_at_a_time_leave_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_LAMBDA_RUNTIME_API", raising=False)
    async with lingering() as held:
        never = asyncio.Event()
        held.do(waiting(never))
        before = len(asyncio.all_tasks())
        for _ in range(200):
            with held.request():
                held.do(asyncio.sleep(0))
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        assert len(asyncio.all_tasks()) == before
        never.set()


async def test_where_it_cannot_register_what_follows_comes_before_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9")
    async with lingering() as held:
        assert held.freezes


async def test_outside_of_lambda_nothing_freezes_and_the_end_waits_for_what_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_LAMBDA_RUNTIME_API", raising=False)
    done = []

    async def follow() -> None:
        await asyncio.sleep(0.05)
        done.append(True)

    async with lingering() as held:
        assert not held.freezes
        held.do(follow())
    assert done == [True]
