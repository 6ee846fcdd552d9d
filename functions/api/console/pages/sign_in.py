"""Signing in with a workspace token or at the identity provider, and signing out."""

from fastapi import Request, Response

from functions.api.console import cookies, identity
from functions.api.console.page_router import page_router
from functions.api.console.rendering import goes_to, page
from functions.api.console.security import Form
from functions.api.console.submitted import faults, status_of
from functions.api.console.visitor import SIGN_IN, is_inside, is_signed_in, session_of
from gero.access import people, sessions
from gero.kit import Forbidden, GeroError, Invalid, log

router = page_router()
_OF_PEOPLE = ("/workspaces", "/invitation")


@router.get(SIGN_IN)
def sign_in(request: Request, to: str = "/") -> Response:
    """The sign-in page; who is signed in goes on to where they wanted, but a token to no page that is a person's."""
    session = session_of(request)
    needs_person = session is not None and session.person_id is None and to.startswith(_OF_PEOPLE)
    if is_signed_in(request) and not needs_person:
        return goes_to(request, _inside(to))
    return _page(request, to)


@router.post(SIGN_IN)
def sign_in_with_token(request: Request, form: Form) -> Response:
    """Sign in with an API token of a workspace."""
    to = _inside(form.text("to", "/"))
    try:
        text = form.secret("token")
        if text is None:
            raise Invalid("token: paste an API token, drgero_…", field="token")
        session = sessions.open_for_token(text.strip())
    except GeroError as error:
        return _page(request, to, {"token": faults(error).popitem()[1]}, status_of(error))
    return _signed_in(request, session, to)


@router.get(f"{SIGN_IN}/start")
def start(request: Request, to: str = "/") -> Response:
    """Go to the identity provider."""
    address, kept = identity.begin(_callback(request))
    response = goes_to(request, address)
    cookies.write(request, response, cookies.SIGNING_IN, {**kept, "to": _inside(to)})
    return response


@router.get(f"{SIGN_IN}/callback")
def callback(request: Request) -> Response:
    """Come back from the identity provider. What was kept for it works once."""
    kept = cookies.read(request, cookies.SIGNING_IN)
    try:
        if not isinstance(kept, dict):
            raise Invalid("this sign-in took too long, or was begun in another browser; sign in again")
        known = identity.finish(kept, dict(request.query_params), _callback(request))
        if not known.email or not known.email_verified:
            raise Forbidden("your e-mail address is not confirmed yet; confirm it, then sign in again")
        person = people.signed_in(known.issuer, known.subject, known.email)
    except GeroError as error:
        log.warning("console.sign_in_failed", code=error.code)
        response = _page(request, "/", faults(error), status_of(error))
        cookies.forget(request, response, cookies.SIGNING_IN)
        return response
    session = sessions.open_for_person(person)
    response = _signed_in(request, session, _inside(str(kept["to"])))
    cookies.forget(request, response, cookies.SIGNING_IN)
    return response


@router.post("/sign-out")
def sign_out(request: Request, form: Form) -> Response:
    """End the session here, and where a person signed in, at the identity provider."""
    session = session_of(request)
    if session:
        sessions.close(session.id)
    elsewhere = identity.sign_out_url(_own(request) + SIGN_IN) if session and session.person_id else None
    response = goes_to(request, elsewhere or SIGN_IN)
    cookies.forget(request, response, cookies.SESSION)
    return response


def _signed_in(request: Request, session: sessions.Session, to: str) -> Response:
    """The way on, as another session than before: nobody can have prepared it."""
    before = session_of(request)
    if before:
        sessions.close(before.id)
    response = goes_to(request, to if session.workspace_id or to.startswith("/invitation?") else "/workspaces")
    cookies.write(request, response, cookies.SESSION, session.id)
    cookies.forget(request, response, cookies.VISIT)
    return response


def _page(request: Request, to: str, wrong: dict[str, str] | None = None, status: int = 200) -> Response:
    return page(
        request, "sign_in.html", status=status, to=_inside(to), by_person=identity.configured(), faults=wrong or {}
    )


def _inside(to: str) -> str:
    return to if is_inside(to) else "/"


def _callback(request: Request) -> str:
    return f"{_own(request)}{SIGN_IN}/callback"


def _own(request: Request) -> str:
    return str(request.base_url).rstrip("/")
