"""Choosing a workspace, making one, and taking up an invitation to one."""

from datetime import timedelta
from urllib.parse import quote

from fastapi import Request, Response

from functions.api.console import cookies
from functions.api.console.page_router import page_router
from functions.api.console.rendering import goes_to, page
from functions.api.console.security import Form
from functions.api.console.submitted import faults, status_of
from functions.api.console.visitor import SignInFirst, session_of
from gero.access import invitations, members, people, sessions
from gero.kit import Forbidden, GeroError, clock

router = page_router()
_FRESH = timedelta(hours=1)


@router.get("/workspaces")
def list_workspaces(request: Request) -> Response:
    """The workspaces of a person, the invitations that wait, and a new one."""
    return _page(request, _session(request))


@router.post("/workspaces/choose")
def choose(request: Request, form: Form) -> Response:
    """Show the pages of another of the person's workspaces from now on."""
    sessions.choose_workspace(_session(request), form.text("workspace"))
    return goes_to(request, "/")


@router.post("/workspaces")
def create(request: Request, form: Form) -> Response:
    """Make a workspace that the person owns."""
    session = _session(request)
    try:
        made = members.create_workspace(_person(session), form.text("name"))
    except GeroError as error:
        return _page(request, session, faults(error), status_of(error), name=form.text("name"))
    sessions.choose_workspace(session, made.id)
    return goes_to(request, "/", f"Workspace {made.name} is ready.")


@router.get("/invitation")
def read_invitation(request: Request, code: str = "") -> Response:
    """What somebody is invited to."""
    session = session_of(request)
    if session is None or session.person_id is None:
        raise SignInFirst(f"/invitation?code={quote(code)}")
    return page(request, "invitation.html", invitation=invitations.find(code), code=code, person=_person(session))


@router.post("/invitation")
def accept_invitation(request: Request, form: Form) -> Response:
    """Join the workspace of an invitation."""
    session = _session(request)
    joined = invitations.accept(form.text("code"), _person(session))
    sessions.choose_workspace(session, joined.workspace_id)
    return goes_to(request, "/", "You have joined the workspace.")


@router.post("/workspaces/join")
def join(request: Request, form: Form) -> Response:
    """Take up an invitation that waits for the person's address; nobody needs its link for that."""
    session = _session(request)
    if clock.parse(session.created_at) < clock.now() - _FRESH:  # the address may be somebody else's by now
        raise Forbidden("sign out and in again to show that this address is still yours, then join")
    joined = invitations.accept_waiting(form.text("invitation"), _person(session))
    sessions.choose_workspace(session, joined.workspace_id)
    return goes_to(request, "/", "You have joined the workspace.")


def _session(request: Request) -> sessions.Session:
    session = session_of(request)
    if session is None or session.person_id is None:
        raise SignInFirst("/workspaces")
    return session


def _person(session: sessions.Session) -> people.Person:
    assert session.person_id is not None
    return people.get(session.person_id)


def _page(
    request: Request, session: sessions.Session, wrong: dict[str, str] | None = None, status: int = 200, name: str = ""
) -> Response:
    person = _person(session)
    response = page(
        request,
        "workspaces.html",
        status=status,
        person=person,
        found=members.workspaces_of(person.id),
        waiting=list(invitations.waiting_for(person.email)),
        may_create=members.may_create_workspaces(),
        faults=wrong or {},
        name=name,
        chosen=session.workspace_id,
    )
    cookies.keep_visit(request, response)
    return response
