"""What keeps the console's pages safe: headers that allow no foreign code, and writes that come from our own forms."""

import hmac
import os
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.datastructures import FormData

from functions.api.console import cookies
from functions.api.console.submitted import Submitted
from gero.access import signing
from gero.kit import Forbidden, Invalid

CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf-token"
_SAFE = ("GET", "HEAD", "OPTIONS")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_ELSEWHERE = ("/api/", "/v1/", "/openapi.json", "/healthz", "/readyz")


def is_page(path: str) -> bool:
    """Whether a path is the console's and not the API's."""
    return not path.startswith(_ELSEWHERE)


def headers(scheme: str | None) -> dict[str, str]:
    """The headers of every answer of the console."""
    found = {**_HEADERS, "content-security-policy": _policy()}
    return found | ({"strict-transport-security": "max-age=31536000"} if scheme == "https" else {})


class SecurityHeaders:
    """ASGI middleware: adds the headers to every answer of the console."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or not is_page(scope["path"]):
            await self._app(scope, receive, send)
            return
        added = headers(scope.get("scheme"))

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                if b"cache-control" not in present:
                    added["cache-control"] = "no-store"
                message["headers"] = [*message["headers"], *((k.encode(), v.encode()) for k, v in added.items())]
            await send(message)

        await self._app(scope, receive, sending)


def _policy() -> str:
    """Signing out goes on to the identity provider, and Chromium asks whether a form may lead there."""
    domain, issuer = os.environ.get("GERO_SIGN_IN_DOMAIN"), os.environ.get("GERO_SIGN_IN_ISSUER")
    if domain:
        return f"{_POLICY} https://{domain}"
    if issuer:
        parts = urlsplit(issuer)
        return f"{_POLICY} {parts.scheme}://{parts.netloc}"
    return _POLICY


def csrf_token(request: Request) -> str:
    """What forms of this browser must bring: only we can make it from the cookie that the browser has."""
    return signing.mac(f"csrf:{cookies.of_browser(request)}")


async def submitted(request: Request) -> Submitted:
    """The fields of a form that was sent from one of our own pages. Forbidden when it came from elsewhere."""
    if request.method in _SAFE:
        return Submitted(request.query_params)
    _check_origin(request)
    form = await _read(request)
    shown = request.headers.get(CSRF_HEADER) or str(form.get(CSRF_FIELD) or "")
    if not hmac.compare_digest(shown.encode(), csrf_token(request).encode()):
        raise Forbidden("this form is out of date; load the page again and repeat what you did", code="csrf")
    return Submitted(form)


async def _read(request: Request) -> FormData:
    """The fields as texts that can be stored: browsers send UTF-8."""
    try:
        form = await request.form(max_files=4, max_fields=2000, max_part_size=1024 * 1024)
        for name, value in form.multi_items():
            f"{name}{value}".encode()
    except (LookupError, ValueError) as error:
        raise Invalid("this form is not in UTF-8; send it from its page") from error
    return form


Form = Annotated[Submitted, Depends(submitted)]


def _check_origin(request: Request) -> None:
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    own = f"{request.url.scheme}://{request.url.netloc}"
    if site not in ("same-origin", "none") or (origin is not None and origin != own):
        raise Forbidden("this form was sent from another site; open the page here and repeat what you did", code="csrf")
