"""Messages on their way to a queue: what gathers while one call is under way goes with the next."""

import asyncio

from gero.kit import log, queues

_MAX_BYTES = 900_000  # of one call; SQS takes 1 MiB

Waiting = list[tuple[str, "asyncio.Future[None]"]]


class Outbox:
    """Sends messages to a queue in calls of up to ten, one call at a time. Lives on one event loop."""

    def __init__(self, url: str, gather_seconds: float = 0.0) -> None:
        """`gather_seconds`: how long the first of a batch waits for others."""
        self._url = url
        self._gather_seconds = gather_seconds
        self._waiting: Waiting = []
        self._sender: asyncio.Task[None] | None = None

    async def send(self, body: str) -> None:
        """Send a message, with others; returns when it is sent, or lost, which is logged."""
        sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((body, sent))
        if self._sender is None or self._sender.done():
            self._sender = asyncio.ensure_future(self._send_all())
        await sent

    async def _send_all(self) -> None:
        while self._waiting:
            if len(self._waiting) < queues.MAX_BATCH:
                await asyncio.sleep(self._gather_seconds)
            batch = self._next()
            try:
                await asyncio.to_thread(queues.send, self._url, [body for body, _ in batch])
            except Exception as error:  # noqa: BLE001  clients have their answers: a lost message must not take them back
                log.failure("messages.lost", error, count=len(batch))
            for _, sent in batch:
                if not sent.done():
                    sent.set_result(None)

    def _next(self) -> Waiting:
        count, size = 0, 0
        for body, _ in self._waiting[: queues.MAX_BATCH]:
            size += len(body.encode())
            if count and size > _MAX_BYTES:
                break
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch
