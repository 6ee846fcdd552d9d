"""Pages and parts of pages out of templates, and the way from one page to the next."""

from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from functions.api.console import cookies, wording
from functions.api.console.security import csrf_token
from functions.api.console.static import address
from functions.api.console.visitor import Visitor

_TEMPLATES = Path(__file__).parent / "templates"
_THEMES = ("light", "dark")


def page(
    request: Request, template: str, visitor: Visitor | None = None, *, status: int = 200, **context: Any
) -> HTMLResponse:
    """A whole page, or with htmx a part of one, of `templates/<template>`.

    Templates know `visitor`, `csrf`, `csrf_field()`, `flash`, `theme`, `path`, and what `wording` offers.
    """
    is_part = "hx-request" in request.headers
    flash = None if is_part else cookies.read(request, cookies.FLASH)
    theme = request.cookies.get("gero_theme")
    token = csrf_token(request)
    hidden = Markup('<input type="hidden" name="csrf" value="{}">').format(token)
    text = (
        _templates()
        .get_template(template)
        .render(
            request=request,
            path=request.url.path,
            visitor=visitor,
            csrf=token,
            csrf_field=lambda: hidden,
            flash=flash,
            theme=theme if theme in _THEMES else None,
            **context,
        )
    )
    response = HTMLResponse(text, status)
    if flash is not None:
        cookies.forget(request, response, cookies.FLASH)
    cookies.keep_visit(request, response)
    return response


def goes_to(request: Request, path: str, told: str = "", kind: str = "done") -> Response:
    """Send the browser to another page, which tells once what was done (`kind`: done or failed)."""
    response: Response
    if "hx-request" in request.headers:
        response = Response(status_code=204)
        response.headers["HX-Redirect"] = RedirectResponse(path).headers["location"]  # quoted alike
    else:
        response = RedirectResponse(path, 303)
    if told:
        cookies.write(request, response, cookies.FLASH, {"kind": kind, "text": told[:1000]})
    return response


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(wording.FILTERS)
    environment.globals.update(static=address, **wording.GLOBALS)
    return environment
