"""Who looks at a page: a person or a token that signed in, in one workspace."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request

from functions.api.console import cookies
from gero import access
from gero.access import Principal, Workspace, sessions
from gero.kit import GeroError, Unauthenticated

SIGN_IN = "/sign-in"


@dataclass(frozen=True)
class Visitor:
    """Who looks, with what the role allows. `role`: owner, admin, member, reviewer or token."""

    principal: Principal
    role: str
    session: sessions.Session
    workspace: Workspace

    @property
    def name(self) -> str:
        """The person's e-mail address, or that a token signed in."""
        return self.principal.token_id if self.session.person_id else "API token"

    @property
    def person_id(self) -> str | None:
        """The person; None where a token signed in."""
        return self.session.person_id

    @property
    def workspace_id(self) -> str:
        """The workspace whose pages are shown."""
        return self.workspace.id

    def may(self, scope: str) -> bool:
        """Whether pages offer what needs this scope."""
        return access.scopes.allows(self.principal.scopes, scope)


class SignInFirst(Unauthenticated):
    """Nobody is signed in. `to`: the page to come back to."""

    def __init__(self, to: str) -> None:
        super().__init__("sign in to see this page")
        self.to = to


class ChooseWorkspace(Unauthenticated):
    """A person is signed in who is in no workspace, or in none that is chosen."""


def session_of(request: Request) -> sessions.Session | None:
    """The session of this browser, whether or not a workspace is chosen."""
    known = cookies.read(request, cookies.SESSION)
    return sessions.find(known) if isinstance(known, str) else None


def is_signed_in(request: Request) -> bool:
    """Whether somebody is, by a person's session or one whose token still works."""
    session = session_of(request)
    if session is None or session.person_id:
        return session is not None
    try:
        sessions.principal(session)
    except Unauthenticated:
        return False
    return True


def _visitor(request: Request) -> Visitor:
    session = session_of(request)
    if session is None:
        raise SignInFirst(_here(request))
    if session.workspace_id is None:
        raise ChooseWorkspace("choose a workspace first")
    try:
        principal, role = sessions.principal(session)
    except Unauthenticated as error:
        if session.person_id:
            raise ChooseWorkspace(error.message) from error
        raise SignInFirst(_here(request)) from error
    workspace = access.workspaces.get(principal.workspace_id)
    if workspace is None:
        raise ChooseWorkspace("this workspace is gone")
    return Visitor(principal, role, session, workspace)


def visitor_if_any(request: Request) -> Visitor | None:
    """Who looks, for a page that everybody may see."""
    try:
        return _visitor(request)
    except GeroError:
        return None


Visiting = Annotated[Visitor, Depends(_visitor)]


def is_inside(path: str) -> bool:
    """Whether a path to come back to is one of ours, and leads to no other host."""
    return path.startswith("/") and not path.startswith(("//", "/\\")) and not any(one < " " for one in path)


def sign_in_address(to: str) -> str:
    """The sign-in page that comes back to a page of ours."""
    return f"{SIGN_IN}?to={quote(to)}" if is_inside(to) and to != "/" else SIGN_IN


def _here(request: Request) -> str:
    """The page that is looked at; of a part of one, or a form, the page it is on."""
    if request.method == "GET" and "hx-request" not in request.headers:
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    shown = request.headers.get("hx-current-url") or request.headers.get("referer") or "/"
    own = f"{request.url.scheme}://{request.url.netloc}"
    return shown.removeprefix(own) if shown.startswith(own + "/") else "/"
