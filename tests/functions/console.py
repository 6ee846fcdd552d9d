"""A browser without a screen: keeps cookies, reads pages, fills and sends their forms, as a person's would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bs4 import BeautifulSoup, Tag
from httpx import Response
from starlette.testclient import TestClient

from functions.api.app import create_app
from functions.api.console import cookies
from gero.access import Person, sessions

HOST = "http://console.test"
_HTML = {"accept": "text/html"}


class Page(BeautifulSoup):
    """A page as it came, with its `status` and `address`."""

    status: int
    address: str

    @classmethod
    def of(cls, response: Response) -> Page:
        page = cls(response.text, "html.parser")
        page.status, page.address = response.status_code, response.url.raw_path.decode()
        return page

    def one(self, selector: str) -> Tag:
        """The only element that a CSS selector finds."""
        found = self.select(selector)
        assert len(found) == 1, f"{len(found)} × {selector} in {self.address} ({self.status}):\n{self.words[:2000]}"
        return found[0]

    @property
    def words(self) -> str:
        """Everything that can be read."""
        return " ".join(self.get_text(" ").split())


class Browser:
    """One browser; `signed_in` makes it somebody's."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def get(self, path: str, *, part: bool = False) -> Page:
        """A page, or with `part` what htmx would load."""
        headers = {**_HTML, **({"hx-request": "true"} if part else {})}
        return Page.of(self.client.get(path, headers=headers))

    def submit(
        self, page: Page, form: str, fields: Mapping[str, Any] | None = None, *, button: str | None = None
    ) -> Page:
        """Send a form of a page with its own fields and these; `button`: a CSS selector of the one that is pressed."""
        found = page.one(form)
        sent = _fields_of(found) | {name: value for name, value in (fields or {}).items() if value is not None}
        for name in [name for name, value in (fields or {}).items() if value is None]:
            sent.pop(name, None)
        if button:
            pressed = found.select_one(button)
            assert pressed is not None, button
            if pressed.get("name"):
                sent[str(pressed["name"])] = str(pressed.get("value", ""))
        htmx = found.get("hx-post")
        action = str(htmx or found.get("action") or page.address)
        headers = {**_HTML, "origin": HOST, "sec-fetch-site": "same-origin"} | ({"hx-request": "true"} if htmx else {})
        method = "post" if htmx else str(found.get("method", "get"))
        if method == "get":
            return Page.of(self.client.get(action, params=sent, headers=headers))
        return Page.of(self.client.post(action, data=sent, headers=headers))

    def sign_in(self, token: str) -> Page:
        """Sign in with a workspace token, on the page for it."""
        return self.submit(self.get("/sign-in"), "form[action='/sign-in']", {"token": token})

    def sign_in_as(self, person: Person, workspace_id: str | None = None) -> None:
        """Be a person, and a member of a workspace, as if come back from the identity provider."""
        session = sessions.open_for_person(person)
        if workspace_id:
            sessions.choose_workspace(session, workspace_id)
        value = str(cookies._serializer(cookies.SESSION).dumps(session.id))
        self.client.cookies.set(cookies.SESSION, value, domain="console.test", path="/")


@contextmanager
def browser_of_nobody() -> Iterator[Browser]:
    """A browser that nobody has signed in with."""
    with TestClient(create_app(), base_url=HOST, raise_server_exceptions=False) as client:
        yield Browser(client)


def _fields_of(form: Tag) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for control in form.select("input[name], select[name], textarea[name]"):
        name, kind = str(control["name"]), control.get("type")
        if kind in ("checkbox", "radio"):
            if control.has_attr("checked"):
                value = str(control.get("value", "on"))
                known = fields.get(name)
                fields[name] = value if known is None or kind == "radio" else [*_listed(known), value]
        elif control.name == "select":
            chosen = control.select_one("option[selected]") or control.select_one("option")
            fields[name] = str(chosen["value"]) if chosen else ""
        elif control.name == "textarea":
            fields[name] = control.get_text().removeprefix("\n")
        elif kind not in ("submit", "button", "file"):
            fields[name] = str(control.get("value", ""))
    return fields


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
