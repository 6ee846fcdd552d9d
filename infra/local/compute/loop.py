"""The one event loop of the local cloud, in a thread, and the threads it may block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")

# Each SQS event source blocks one thread while it polls; the rest serves deletes and target calls.
_BLOCKING_THREADS = 32


class LoopThread:
    """An asyncio loop that runs until `close`; `run` may be called from every other thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._executor = ThreadPoolExecutor(_BLOCKING_THREADS, thread_name_prefix="gero-blocking")
        self.loop.set_default_executor(self._executor)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._awaited: set[Future[Any]] = set()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="gero-loop", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine on the loop and wait for its result. Raises CancelledError when the loop closes meanwhile."""
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        self._awaited.add(future)
        if self._closed:
            future.cancel()
        try:
            return future.result()
        finally:
            self._awaited.discard(future)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Start a coroutine on the loop and do not wait; it ends at the latest with the loop."""
        self.loop.call_soon_threadsafe(self._start, work)

    def close(self) -> None:
        """Cancel what still runs, stop the loop and join every thread."""
        self.run(self._cancel_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self._executor.shutdown(wait=True)
        self.loop.close()
        # Whoever handed in work after the last step of the loop would wait for ever.
        self._closed = True
        for future in list(self._awaited):
            future.cancel()

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def _start(self, work: Coroutine[Any, Any, Any]) -> None:
        task = self.loop.create_task(work)
        # The loop itself keeps only a weak reference to a task.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _cancel_all(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
