"""The console's cookies: all signed, for this host only, out of the reach of scripts."""

import json
import secrets
from functools import cache
from typing import Any

from fastapi import Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from gero.access import signing

SESSION, FLASH, SIGNING_IN, VISIT = "gero_session", "gero_flash", "gero_signing_in", "gero_visit"
_SESSION_SECONDS = 14 * 24 * 3600
_SECONDS = {SESSION: _SESSION_SECONDS, FLASH: 60, SIGNING_IN: 600, VISIT: _SESSION_SECONDS}


def read(request: Request, name: str) -> Any:
    """What a cookie of ours says, or None: none there, not signed by us, or too old."""
    text = request.cookies.get(_sent_as(request, name))
    if text is None:
        return None
    try:
        return _serializer(name).loads(text, max_age=_SECONDS[name])
    except BadSignature:
        return None


def write(request: Request, response: Response, name: str, value: Any) -> None:
    """Let the browser keep a value. Lax and not strict: who comes back from the identity provider is still known."""
    response.set_cookie(
        _sent_as(request, name),
        str(_serializer(name).dumps(value)),
        max_age=_SECONDS[name],
        path="/",
        secure=_is_secure(request),
        httponly=True,
        samesite="lax",
    )


def forget(request: Request, response: Response, name: str) -> None:
    """Let the browser forget a value."""
    response.delete_cookie(_sent_as(request, name), path="/", secure=_is_secure(request), httponly=True, samesite="lax")


def of_browser(request: Request) -> str:
    """What this browser is known by: its session, or before there is one, its visit; made anew where there is none."""
    known = read(request, SESSION) or read(request, VISIT)
    if known is None:
        known = getattr(request.state, "visit", None) or secrets.token_urlsafe(24)
        request.state.visit = known
    return str(known)


def keep_visit(request: Request, response: Response) -> None:
    """Let the browser keep the visit that `of_browser` made up."""
    made = getattr(request.state, "visit", None)
    if made is not None:
        write(request, response, VISIT, made)


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"


def _sent_as(request: Request, name: str) -> str:
    """Over https the prefix tells the browser that nobody but this host may set it."""
    return f"__Host-{name}" if _is_secure(request) else name


def _serializer(name: str) -> URLSafeTimedSerializer:
    return _made(name, signing.key())


@cache
def _made(name: str, key: bytes) -> URLSafeTimedSerializer:
    compact = {"separators": (",", ":")}
    return URLSafeTimedSerializer(key, salt=f"gero.console.{name}", serializer=json, serializer_kwargs=compact)
