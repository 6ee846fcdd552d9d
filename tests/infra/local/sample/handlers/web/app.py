"""A web app behind the Lambda Web Adapter: echoes, streams, dies."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route


async def echo(request: Request) -> Response:
    body = (await request.body()).decode()
    shown = {"method": request.method, "path": request.url.path, "query": dict(request.query_params), "body": body}
    response = JSONResponse({**shown, "headers": dict(request.headers), "pid": os.getpid()}, 201)
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")
    return response


async def stream(request: Request) -> Response:
    """Chunks until the other side leaves; then a note in the temporary folder."""

    async def chunks() -> AsyncIterator[str]:
        note = Path(os.environ["TMPDIR"]) / request.query_params["note"]
        try:
            for number in range(int(request.query_params["count"])):
                yield f"data: {number}\n\n"
                await asyncio.sleep(float(request.query_params["pause"]))
            note.write_text("finished")
        except asyncio.CancelledError:
            note.write_text("left")
            raise

    return StreamingResponse(chunks(), media_type="text/event-stream")


async def die(request: Request) -> Response:
    os._exit(1)


app = Starlette(
    routes=[
        Route("/echo/{id}", echo, methods=["GET", "POST"]),
        Route("/stream", stream),
        Route("/die", die),
    ]
)
