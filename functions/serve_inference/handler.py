"""Serve production models and Dr.Gero models: an ASGI app behind the Lambda Web Adapter, imported in a blink.

Trigger: Function URL (RESPONSE_STREAM).
May: dynamodb:BatchGetItem, dynamodb:GetItem, dynamodb:Query, dynamodb:UpdateItem, kms:Decrypt, sqs:SendMessage
"""

import contextlib

from functions.serve_inference import inference, refusals, web
from functions.serve_inference.means import Means, means
from functions.serve_inference.web import ClientLeft, Receive, Request, Scope, Send, route
from gero.kit import GeroError, NotFound, log

_PATHS = (
    "POST /v1/chat/completions, GET /v1/models, POST /v1/leaderboard/{id}/inference, "
    "or POST /v1/models/{id}/inference of a Dr.Gero model"
)
_INTERNAL = GeroError("something went wrong on our side; try again")


class App:
    """The ASGI app. Its lifespan must run: the connections to models live as long as it."""

    def __init__(self) -> None:
        self._means: Means | None = None
        self._routes = [
            route("POST", "/v1/chat/completions", inference.chat),
            route("POST", "/v1/leaderboard/{id}/inference", inference.infer),
            route("POST", "/api/leaderboards/{id}/inference", inference.infer),
            route("POST", "/v1/models/{id}/inference", inference.infer_model),
            route("POST", "/api/models/{id}/inference", inference.infer_model),
            route("GET", "/v1/models", inference.list_models),
            route("GET", "/v1/models/{id:path}", inference.read_model),  # a name may hold slashes
            route("GET", "/healthz", _healthz),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the life of the app."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        assert self._means is not None
        with self._means.lingering.request():
            await self._answer(Request(scope, receive), _Started(send))

    async def _answer(self, request: Request, send: "_Started") -> None:
        assert self._means is not None
        try:
            await self._endpoint(request)(request, send, self._means)
        except ClientLeft:
            return
        except GeroError as error:
            await _refuse(request, send, error)
        except Exception as error:  # the process goes on, and the client is told
            log.failure("request.failed", error, path=request.path)
            if send.started:
                raise
            await _refuse(request, send, _INTERNAL)

    def _endpoint(self, request: Request) -> web.Endpoint:
        allowed = []
        path = request.path.rstrip("/") or "/"
        for one in self._routes:
            if found := one.path.fullmatch(path):
                if one.method == request.method:
                    request.parts = found.groupdict()
                    return one.endpoint
                allowed.append(one.method)
        if allowed:
            raise NotAllowed(request, allowed)
        raise NotFound(f"there is no {request.path[:200]} here; inference is {_PATHS}")

    async def _live(self, receive: Receive, send: Send) -> None:
        """From the start to the end of the app, as ASGI's lifespan has it."""
        await receive()
        async with contextlib.AsyncExitStack() as stack:
            try:
                self._means = await stack.enter_async_context(means())
            except Exception as error:
                log.failure("start.failed", error)
                await send({"type": "lifespan.startup.failed", "message": type(error).__name__})
                raise
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


class NotAllowed(GeroError):
    """The path is there, but not for this method."""

    status, code = 405, "method_not_allowed"

    def __init__(self, request: Request, allowed: list[str]) -> None:
        super().__init__(f"{request.path[:200]} takes {' or '.join(allowed)}, not {request.method}")
        self.headers = {"Allow": ", ".join(allowed)}


class _Started:
    """A `send` that knows whether the response has begun."""

    def __init__(self, send: Send) -> None:
        self.started = False
        self._send = send

    async def __call__(self, message: web.Message) -> None:
        await self._send(message)
        self.started = True


async def _refuse(request: Request, send: Send, error: GeroError) -> None:
    status, body, headers = refusals.failure(error, openai=_speaks_openai(request))
    await web.reply(send, status, body, headers)


async def _healthz(request: Request, send: Send, means: Means) -> None:
    await web.reply(send, 200, {"status": "ok"})


def _speaks_openai(request: Request) -> bool:
    return request.path.startswith("/v1/") and not request.path.endswith("/inference")


handler = App()
