"""A model server fast enough to measure clients by: `python -m tests.benchmarks.fast_models LATENCY_SECONDS`.

Prints its port. Every answer is right for prompts that end in a number: the number.
"""

import asyncio
import json
import sys

from aiohttp import web


async def serve(latency_seconds: float) -> None:
    """Serve until the process is ended."""

    async def answer(request: web.BaseRequest) -> web.Response:
        body = json.loads(await request.read())
        await asyncio.sleep(latency_seconds)
        text = body["messages"][-1]["content"].rsplit(" ", 1)[-1]
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 120, "completion_tokens": 3, "total_tokens": 123}
        return web.json_response({"id": "x", "object": "chat.completion", "choices": [choice], "usage": usage})

    server = await asyncio.get_running_loop().create_server(web.Server(answer), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
