"""The HTTP API: routes requests to functions (payload 2.0) or to other HTTP servers.

Faithful: route selection, limits (10 MB, 30 seconds), the gateway's own answers, buffered HTTP_PROXY integrations with
path parameters in their address. Not implemented: authorizers, stages other than $default, parameter mappings.
"""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

import aiohttp
from aiohttp import web

from infra.local.compute.runtime import LambdaRuntime
from infra.local.compute.web_app import HOP_BY_HOP
from infra.local.front import payload
from infra.local.front.cors import Cors
from infra.local.front.listener import BodyTooLargeError, read_body
from infra.local.front.routes import Match, RouteTable
from infra.local.inventory import HttpApi

_MAX_BODY_BYTES = 10 * 1024 * 1024
_DEFAULT_TIMEOUT_SECONDS = 30.0
_PLACEHOLDER = re.compile(r"\{(\w+)\+?\}")


class HttpApiServer:
    """Answers the requests of one API. Lives on the loop."""

    def __init__(self, api: HttpApi, runtime: LambdaRuntime, status: Callable[[], dict[str, Any]]) -> None:
        self._api = api
        self._runtime = runtime
        self._routes = RouteTable(api.routes)
        self._cors = Cors(api.cors)
        self._status = status
        self._session = aiohttp.ClientSession(auto_decompress=False, connector=aiohttp.TCPConnector(limit=0))

    async def close(self) -> None:
        """Give back the connections of HTTP_PROXY integrations."""
        await self._session.close()

    async def serve(self, request: web.BaseRequest) -> web.Response:
        """Answer one request."""
        if request.path == "/_local/status":
            return web.json_response(self._status())
        if preflight := self._cors.preflight(request):
            return preflight
        response = await self._answer(request)
        response.headers["Apigw-Requestid"] = uuid.uuid4().hex[:16]
        self._cors.apply(request, response)
        return response

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        match = self._routes.match(request.method, unquote(request.raw_path.partition("?")[0]))
        if match is None:
            return payload.message(404, "Not Found")
        try:
            body = await read_body(request, _MAX_BODY_BYTES)
        except BodyTooLargeError:
            return payload.message(413, "Request Entity Too Large")
        timeout = match.integration.get("TimeoutInMillis", _DEFAULT_TIMEOUT_SECONDS * 1000) / 1000
        try:
            async with asyncio.timeout(timeout):
                return await self._integrate(request, body, match)
        except TimeoutError:
            return payload.message(503, "Service Unavailable")

    async def _integrate(self, request: web.BaseRequest, body: bytes, match: Match) -> web.Response:
        if match.integration["IntegrationType"] == "HTTP_PROXY":
            return await self._forward(request, body, match)
        event = payload.event(request, body, route_key=match.key, parameters=match.parameters, api_id=self._api.id)
        outcome = await self._runtime.invoke(_function(match.integration), json.dumps(event).encode())
        if outcome.error:
            return payload.message(500, "Internal Server Error")
        try:
            return payload.response(outcome.payload)
        except payload.MalformedResponseError:
            return payload.message(500, "Internal Server Error")

    async def _forward(self, request: web.BaseRequest, body: bytes, match: Match) -> web.Response:
        method = match.integration.get("IntegrationMethod", "ANY")
        address = _PLACEHOLDER.sub(
            lambda found: quote(match.parameters.get(found[1], "")), match.integration["IntegrationUri"]
        )
        _, _, query = request.raw_path.partition("?")
        headers = [(name, value) for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP]
        try:
            async with self._session.request(
                request.method if method == "ANY" else method,
                f"{address}?{query}" if query else address,
                headers=headers,
                data=body or None,
                allow_redirects=False,
            ) as upstream:
                answer = web.Response(status=upstream.status, body=await upstream.read())
                for name, value in upstream.headers.items():
                    if name.lower() not in HOP_BY_HOP:
                        answer.headers.add(name, value)
                return answer
        except aiohttp.ClientError:
            return payload.message(503, "Service Unavailable")


def _function(integration: dict[str, Any]) -> str:
    """The function's name in an integration's URI: its ARN, or the invocation path of API Gateway around it."""
    arn = str(integration["IntegrationUri"]).partition("/functions/")[2] or str(integration["IntegrationUri"])
    return arn.removesuffix("/invocations").rsplit(":function:", 1)[-1].split(":")[0]
