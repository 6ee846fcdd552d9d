"""Serve production models and Dr.Gero models: an ASGI app behind the Lambda Web Adapter, imported in a blink.

Trigger: Function URL (RESPONSE_STREAM).
May: dynamodb:GetItem, kms:Decrypt, sqs:SendMessage
"""

import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from functions.serve_inference.inference import infer, infer_model
from gero import providers
from gero.kit import GeroError

_MAX_CONNECTIONS = 512


@contextlib.asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[dict[str, object]]:
    async with providers.new_session(_MAX_CONNECTIONS) as session:
        yield {"session": session}


async def _healthz(request: Request) -> JSONResponse:
    return JSONResponse({"status": "ok"})


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, GeroError)
    return JSONResponse(error.body(), error.status)


async def _not_found(request: Request, error: Exception) -> JSONResponse:
    message = "inference is POST /v1/leaderboard/{id}/inference, or /v1/models/{id}/inference of a Dr.Gero model"
    return JSONResponse({"error": message, "code": "not_found", "details": {}}, 404)


async def _failed(request: Request, error: Exception) -> JSONResponse:
    body = {"error": "something went wrong on our side; try again", "code": "internal_error", "details": {}}
    return JSONResponse(body, 500)


handler = Starlette(
    routes=[
        Route("/v1/leaderboard/{leaderboard_id}/inference", infer, methods=["POST"]),
        Route("/api/leaderboards/{leaderboard_id}/inference", infer, methods=["POST"]),
        Route("/v1/models/{model_id}/inference", infer_model, methods=["POST"]),
        Route("/api/models/{model_id}/inference", infer_model, methods=["POST"]),
        Route("/healthz", _healthz),
    ],
    exception_handlers={GeroError: _refused, 404: _not_found, 405: _not_found, 500: _failed},
    lifespan=_lifespan,
)
