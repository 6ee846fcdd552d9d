"""The stand-in models over HTTP, in OpenAI's format: `POST /v1/chat/completions` and `GET /v1/models`.

Answers are computed, latencies and prices are simulated (see `models`). No call leaves this machine.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from infra.local.stand_ins import chat
from infra.local.stand_ins.judges import JUDGES
from infra.local.stand_ins.models import MODELS

_MAX_BODY_BYTES = 4 * 1024 * 1024
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def models_app(api_key: str | None = None) -> web.Application:
    """The application. With an `api_key`, every request must bring it as a Bearer token."""

    @web.middleware
    async def check_key(request: web.Request, handler: _Handler) -> web.StreamResponse:
        sent = request.headers.get("Authorization", "")
        if api_key is not None and not hmac.compare_digest(sent.encode(), f"Bearer {api_key}".encode()):
            return _refuse(401, "Incorrect API key provided.", code="invalid_api_key")
        return await handler(request)

    app = web.Application(middlewares=[_errors_as_json, check_key], client_max_size=_MAX_BODY_BYTES)
    app.router.add_get("/v1/models", _list_models)
    app.router.add_post("/v1/chat/completions", _complete)
    return app


@web.middleware
async def _errors_as_json(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        return _refuse(error.status, f"{error.reason} ({request.method} {request.path})")


async def _list_models(_: web.Request) -> web.Response:
    return _json(chat.model_list())


async def _complete(request: web.Request) -> web.StreamResponse:
    arrived = asyncio.get_running_loop().time()
    try:
        asked = chat.decode_request(await request.read())
    except (msgspec.DecodeError, UnicodeDecodeError) as error:  # a ValidationError is a DecodeError
        return _refuse(400, f"We could not parse the JSON body of your request: {error}")
    model = MODELS.get(asked.model) or JUDGES.get(asked.model)
    if model is None:
        return _refuse(404, f"The model `{asked.model}` does not exist.", code="model_not_found")
    completion = chat.Completion(asked, model)
    computed = asyncio.get_running_loop().time() - arrived
    await asyncio.sleep(model.latency_seconds(asked.prompt) - computed)
    if asked.stream:
        return await _stream(request, completion)
    return _json(completion.document())


async def _stream(request: web.Request, completion: chat.Completion) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    await response.prepare(request)
    for event in completion.events():
        await response.write(event)
    await response.write_eof()
    return response


def _json(document: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(document), status=status, content_type="application/json")


def _refuse(status: int, message: str, code: str | None = None) -> web.Response:
    return _json(chat.error(message, code=code), status)
