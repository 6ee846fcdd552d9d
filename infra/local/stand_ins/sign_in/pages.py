"""The pages of the development sign-in: plain forms, without a script."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from aiohttp import web

from infra.local.stand_ins.sign_in.accounts import MIN_PASSWORD

_HERE = Path(__file__).parent
_POLICY = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'"


class Field(NamedTuple):
    """An input of a form."""

    name: str
    label: str
    type: str
    autocomplete: str
    hint: str = ""


class Form(NamedTuple):
    """A page with one form."""

    title: str
    button: str
    fields: tuple[Field, ...]


_EMAIL = Field("email", "E-mail address", "email", "username")
_PASSWORD = Field("password", "Password", "password", "current-password")
_LENGTH = f"At least {MIN_PASSWORD} characters."
SIGN_IN = Form("Sign in", "Sign in", (_EMAIL, _PASSWORD))
CREATE = Form(
    "Create an account",
    "Create the account",
    (
        _EMAIL,
        Field("password", "Password", "password", "new-password", _LENGTH),
        Field("again", "Password, once more", "password", "new-password"),
    ),
)
PASSWORD = Form(
    "Change your password",
    "Change it",
    (
        _EMAIL,
        _PASSWORD._replace(name="present", label="Present password"),
        Field("password", "New password", "password", "new-password", _LENGTH),
        Field("again", "New password, once more", "password", "new-password"),
    ),
)


def form(
    of: Form,
    action: str,
    *,
    links: Sequence[tuple[str, str]] = (),
    to: str = "",
    email: str = "",
    faults: Mapping[str, str] | None = None,
) -> web.Response:
    """A form, with what was wrong at its fields. `to`: origin that sending it leads on to, which browsers ask for."""
    content = {"title": of.title, "button": of.button, "fields": of.fields, "action": action, "links": links}
    return _page({**content, "email": email, "faults": faults or {}}, 400 if faults else 200, to)


def notice(title: str, told: str, *, status: int = 200) -> web.Response:
    """A page that only says something."""
    return _page({"title": title, "told": told, "wrong": status >= 400, "links": (), "faults": {}}, status, "")


def style() -> web.Response:
    """The style sheet."""
    return web.Response(text=(_HERE / "style.css").read_text(), content_type="text/css")


def _page(content: Mapping[str, Any], status: int, to: str) -> web.Response:
    headers = {
        "Content-Security-Policy": f"{_POLICY}; form-action 'self' {to}".rstrip(),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return web.Response(text=_template().render(content), status=status, content_type="text/html", headers=headers)


@cache
def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(_HERE)
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.ChainableUndefined).get_template(
        "page.html"
    )
