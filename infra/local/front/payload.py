"""Translates between HTTP and Lambda: payload format version 2.0 of HTTP APIs and function URLs."""

from __future__ import annotations

import base64
import json
import re
import time
import uuid
from typing import Any
from urllib.parse import parse_qsl, unquote

from aiohttp import web
from multidict import CIMultiDict

from infra.local.backend.wiring import ACCOUNT

# What API Gateway hands on as text; everything else, also a posted form, is base64.
_TEXT = re.compile(r"text/|application/(json|javascript|xml)|application/[\w.-]+\+(json|xml)")
_JSON = "application/json"


class MalformedResponseError(ValueError):
    """The function's answer is not an HTTP response in payload format 2.0."""


def event(
    request: web.BaseRequest, body: bytes, *, route_key: str, parameters: dict[str, str], api_id: str
) -> dict[str, Any]:
    """The event of one request; `parameters` are the values of the route's path."""
    path, _, query = request.raw_path.partition("?")
    headers = _joined((name.lower(), value) for name, value in request.headers.items())
    cookies = headers.pop("cookie", None)
    headers.setdefault("x-forwarded-for", request.remote or "127.0.0.1")
    headers.setdefault("x-forwarded-proto", request.scheme)  # AWS: always https
    now = time.time()
    shaped: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": unquote(path),
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": api_id,
            "domainName": request.host,
            "domainPrefix": api_id,
            "http": {
                "method": request.method,
                "path": unquote(path),
                "protocol": "HTTP/1.1",
                "sourceIp": request.remote or "127.0.0.1",
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": route_key,
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": False,
    }
    if cookies:
        shaped["cookies"] = cookies.split("; ")
    if query:
        shaped["queryStringParameters"] = _joined(parse_qsl(query, keep_blank_values=True))
    if parameters:
        shaped["pathParameters"] = parameters
    if body:
        shaped["body"], shaped["isBase64Encoded"] = _encoded(body, headers.get("content-type", ""))
    return shaped


def response(payload: bytes) -> web.Response:
    """The HTTP response that a function's answer stands for. Raises MalformedResponseError."""
    try:
        answer = json.loads(payload or b"null")
    except ValueError as error:
        raise MalformedResponseError(str(error)) from error
    if not isinstance(answer, dict) or "statusCode" not in answer:
        text = answer if isinstance(answer, str) else json.dumps(answer)
        return web.Response(body=text.encode(), content_type=_JSON)
    try:
        return _explicit_response(answer)
    except (TypeError, ValueError, AttributeError) as error:
        raise MalformedResponseError(str(error)) from error


def message(status: int, text: str) -> web.Response:
    """An answer of API Gateway itself."""
    return web.json_response({"message": text}, status=status)


def _explicit_response(answer: dict[str, Any]) -> web.Response:
    body = answer.get("body") or ""
    content = base64.b64decode(body) if answer.get("isBase64Encoded") else _text(body).encode()
    headers: CIMultiDict[str] = CIMultiDict()
    for name, value in (answer.get("headers") or {}).items():
        if name.lower() != "content-length":
            headers[name] = str(value)
    headers.setdefault("Content-Type", _JSON)
    for cookie in answer.get("cookies") or []:
        headers.add("Set-Cookie", cookie)
    return web.Response(status=int(answer["statusCode"]), body=content, headers=headers)


def _text(body: Any) -> str:
    return body if isinstance(body, str) else json.dumps(body)


def _encoded(body: bytes, content_type: str) -> tuple[str, bool]:
    """The body as text, and whether that text is base64."""
    if _TEXT.match(content_type):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def _joined(pairs: Any) -> dict[str, str]:
    """Repeated names become one value, separated by commas."""
    values: dict[str, str] = {}
    for name, value in pairs:
        values[name] = f"{values[name]},{value}" if name in values else value
    return values
