"""A server that answers with bytes told beforehand: what no well-behaved server would send."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Scripted:
    """Gives each request the next reply, the last one again and again. `RESET` breaks the connection, `HANG` waits."""

    RESET, HANG = b"reset", b"hang"

    def __init__(self, replies: tuple[bytes, ...]) -> None:
        self.url = ""
        self.requests: list[bytes] = []
        self.delay_seconds = 0.0
        self._replies = replies

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.requests.append(head)
        reply = self._replies[min(len(self.requests), len(self._replies)) - 1]
        if reply == self.HANG:
            await reader.read(-1)
        elif reply == self.RESET:
            writer.transport.abort()
        else:
            await asyncio.sleep(self.delay_seconds)
            writer.write(reply)
        writer.close()


@asynccontextmanager
async def scripted(*replies: bytes) -> AsyncIterator[Scripted]:
    """Serve the replies until the block ends."""
    found = Scripted(replies)
    server = await asyncio.start_server(found.answer, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield found
    finally:
        server.close()


def reply(status: int, body: bytes = b"{}", **headers: str) -> bytes:
    """An HTTP response; the headers' underscores become hyphens."""
    lines = [f"HTTP/1.1 {status} X", "Connection: close", "Content-Type: application/json"]
    lines.append(f"Content-Length: {len(body)}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
