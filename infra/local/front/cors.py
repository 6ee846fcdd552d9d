"""CORS as an HTTP API does it itself: it answers preflights and replaces the headers of the integration."""

from __future__ import annotations

from typing import Any

from aiohttp import web


class Cors:
    """The CORS configuration of an API; without one (None) nothing is added."""

    def __init__(self, configuration: dict[str, Any] | None) -> None:
        self._configuration = configuration

    def preflight(self, request: web.BaseRequest) -> web.Response | None:
        """The answer to a preflight request, None when the request is not one (or there is no configuration)."""
        if self._configuration is None or request.method != "OPTIONS" or "Origin" not in request.headers:
            return None
        response = web.Response(status=204)
        if self._allows(request):
            self._set(response, "Access-Control-Allow-Methods", "AllowMethods")
            self._set(response, "Access-Control-Allow-Headers", "AllowHeaders")
            if "MaxAge" in self._configuration:
                response.headers["Access-Control-Max-Age"] = str(self._configuration["MaxAge"])
            self._allow_origin(request, response)
        return response

    def apply(self, request: web.BaseRequest, response: web.Response) -> None:
        """Add the headers to the answer of an integration."""
        if self._configuration is None or not self._allows(request):
            return
        for name in [name for name in response.headers if name.lower().startswith("access-control-")]:
            del response.headers[name]
        self._set(response, "Access-Control-Expose-Headers", "ExposeHeaders")
        self._allow_origin(request, response)

    def _allows(self, request: web.BaseRequest) -> bool:
        origins = (self._configuration or {}).get("AllowOrigins", [])
        return "Origin" in request.headers and ("*" in origins or request.headers["Origin"] in origins)

    def _allow_origin(self, request: web.BaseRequest, response: web.Response) -> None:
        configuration = self._configuration or {}
        anyone = "*" in configuration.get("AllowOrigins", [])
        response.headers["Access-Control-Allow-Origin"] = "*" if anyone else request.headers["Origin"]
        if configuration.get("AllowCredentials"):
            response.headers["Access-Control-Allow-Credentials"] = "true"

    def _set(self, response: web.Response, header: str, key: str) -> None:
        values = (self._configuration or {}).get(key)
        if values:
            response.headers[header] = ",".join(values)
