"""HTTP applications that run beside the caller: one thread, one event loop."""

import asyncio
import threading

from aiohttp import web

_HOST = "127.0.0.1"
_START_SECONDS = 10
_STOP_SECONDS = 5
_LAST_ANSWERS_SECONDS = 0.2  # a closing demo waits for nobody's slow request


class BackgroundServers:
    """Serves any number of aiohttp applications on 127.0.0.1 from a thread of its own until closed."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._runners: list[web.AppRunner] = []
        self._thread = threading.Thread(target=self._loop.run_forever, name="stand-ins", daemon=True)
        self._thread.start()

    def serve(self, app: web.Application, port: int = 0) -> str:
        """Start an application and return its URL without a trailing slash; OSError when the port is taken."""
        port = asyncio.run_coroutine_threadsafe(self._start(app, port), self._loop).result(_START_SECONDS)
        return f"http://{_HOST}:{port}"

    def close(self) -> None:
        """Stop serving; a second call does nothing."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(_STOP_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_STOP_SECONDS)
        self._loop.close()

    async def _start(self, app: web.Application, port: int) -> int:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_LAST_ANSWERS_SECONDS)
        self._runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, _HOST, port).start()
        return int(runner.addresses[0][1])

    async def _stop(self) -> None:
        await asyncio.gather(*(runner.cleanup() for runner in self._runners))
        await self._loop.shutdown_default_executor()
