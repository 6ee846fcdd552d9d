"""What a browser is shown when something was refused or went wrong."""

from typing import Any

from fastapi import Request, Response

from functions.api.console.rendering import goes_to, page
from functions.api.console.security import headers, is_page
from functions.api.console.visitor import ChooseWorkspace, SignInFirst, Visitor, sign_in_address, visitor_if_any
from gero.kit import GeroError

_TITLES = {
    400: "That did not work",
    402: "A limit of your plan",
    403: "Not allowed",
    404: "Not found",
    405: "Not found",
    409: "Not now",
    413: "Too large",
    502: "Somebody else's server failed",
}


def concerns(request: Request) -> bool:
    """Whether the answer is for a person at a browser."""
    asks_for_a_page = "text/html" in request.headers.get("accept", "") or "hx-request" in request.headers
    return is_page(request.url.path) and asks_for_a_page


def refused(request: Request, error: GeroError) -> Response:
    """The page for an error, a part of one for htmx, or the way to where it can be mended."""
    if isinstance(error, SignInFirst):
        return goes_to(request, sign_in_address(error.to))
    if isinstance(error, ChooseWorkspace):
        return goes_to(request, "/workspaces", error.message, "failed")
    return told(request, error.status, error.message)


def told(request: Request, status: int, message: str) -> Response:
    """The page, or for htmx the notice, that says what is the matter."""
    if status == 405 and request.method == "GET":  # the address of a form that was sent: the page above it has the form
        return goes_to(request, request.url.path.rpartition("/")[0] or "/")
    return _shown(request, status, message, visitor_if_any(request))


def failed(request: Request, _: Any) -> Response:
    """What is shown when it is our fault, without who looks: to find them out may be what failed.

    Starlette answers so outside of what adds the headers to other pages.
    """
    told_us = "Something went wrong on our side. Try again; if it stays, tell whoever runs this Gero."
    response = _shown(request, 500, told_us, None)
    response.headers.update({**headers(request.url.scheme), "cache-control": "no-store"})
    return response


def _shown(request: Request, status: int, message: str, visitor: Visitor | None) -> Response:
    if "hx-request" in request.headers:
        response: Response = page(request, "parts/notice.html", status=status, message=message)
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#notice", "innerHTML"
        return response
    title = _TITLES.get(status, "Something went wrong")
    return page(request, "refused.html", visitor, status=status, title=title, message=message, code=status)
