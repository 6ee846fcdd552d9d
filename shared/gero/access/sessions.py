"""Sessions of the console: who signed in with a browser, a person or an API token, and whose workspace it shows.

`SESSION#digest`, `SESSION`; `PERSON#p`, `SESSION#digest` finds those of a person. The id is 256 random bits that only
the browser knows. What a session may do is not in it: membership or token are read for each request, so whoever was
removed, or whose token was revoked, is out at once.
"""

import re
import secrets
from datetime import timedelta

import msgspec

from gero.access import membership_store, roles, secret_texts, tokens
from gero.access.people import Person
from gero.access.principal import Principal, authenticate, of_token
from gero.kit import Conflict, Forbidden, NotFound, Unauthenticated, clock, conditions, table
from gero.kit.table import Changes

LIFETIME = timedelta(days=14)
"""From signing in; using a session does not make it longer."""
_ID_BYTES = 32
_ID = re.compile(r"[A-Za-z0-9_-]{43}")


class Session(msgspec.Struct, frozen=True):
    """A session. It has a person or a token; `workspace_id` is None until a person has chosen one.

    `expires_at`: in seconds since 1970. `token_sha256`: the digest of the text that opened the token.
    """

    id: str
    created_at: str
    expires_at: int
    workspace_id: str | None = None
    person_id: str | None = None
    token_id: str | None = None
    token_sha256: str | None = None


def open_for_person(person: Person, workspace_id: str | None = None) -> Session:
    """A session of a person: in that workspace, or in their only one. Forbidden when they are no member of it."""
    if workspace_id is None:
        found = list(membership_store.memberships(person.id))
        workspace_id = found[0].id if len(found) == 1 else None
    else:
        _check_is_member(person.id, workspace_id)
    return _opened(workspace_id=workspace_id, person_id=person.id)


def open_for_token(text: str) -> Session:
    """A session of an API token, by its secret text. Unauthenticated when that opens no token that works."""
    caller = authenticate({"x-api-key": text})
    digest = secret_texts.digest(text)
    return _opened(workspace_id=caller.workspace_id, token_id=caller.token_id, token_sha256=digest)


def find(session_id: str) -> Session | None:
    """The session that a browser knows the id of; None when there is none, or it is over."""
    item = table.get(*_key(session_id), consistent=True) if _ID.fullmatch(session_id) else None
    if item is None or item["expires_at"] <= clock.now().timestamp():
        return None
    return msgspec.convert({**item, "id": session_id}, Session)


def choose_workspace(session: Session, workspace_id: str) -> Session:
    """Show another workspace of the person from now on. Forbidden when they are no member of it."""
    if session.person_id is None:
        raise Forbidden("whoever signed in with an API token stays in its workspace; sign in as a person")
    _check_is_member(session.person_id, workspace_id)
    try:
        table.update(*_key(session.id), Changes(set={"workspace_id": workspace_id}), conditions.present())
    except Conflict as error:
        raise Unauthenticated("this session is over; sign in again") from error
    return msgspec.structs.replace(session, workspace_id=workspace_id)


def close(session_id: str) -> None:
    """End a session, at once; nothing happens when there is none."""
    table.delete(*_key(session_id))


def close_all(person_id: str) -> None:
    """End every session of a person, at once."""
    known = [(item["pk"], item["sk"]) for item in table.query(f"PERSON#{person_id}", "SESSION#")]
    table.delete_many([*((sk, "SESSION") for _, sk in known), *known])


def principal(session: Session) -> tuple[Principal, str]:
    """Who acts with a session, and the role to show: a person's, or `token`. Reads one item.

    Unauthenticated when the person is no member any more, or the token does not work any more.
    """
    if session.person_id:
        return _person(session)
    return _token(session), "token"


def _person(session: Session) -> tuple[Principal, str]:
    if session.workspace_id is None:
        raise Unauthenticated("choose a workspace first")
    member = membership_store.read(session.workspace_id, session.person_id or "")
    if member is None:
        raise Unauthenticated("you are not a member of this workspace any more; choose another one")
    scopes = roles.SCOPES[member.role]
    return Principal(member.workspace_id, member.email, scopes, role=member.role), member.role


def _token(session: Session) -> Principal:
    try:
        token = tokens.get(session.workspace_id or "", session.token_id or "")
    except NotFound as error:
        raise Unauthenticated("the API token of this session was deleted; sign in with another one") from error
    digest = session.token_sha256 or ""  # of a text that nobody kept
    if not secret_texts.opens(digest, token.secret_sha256, token.previous_sha256, token.previous_until):
        raise Unauthenticated("the API token of this session has a new secret; sign in with that")
    return of_token(token)


def _check_is_member(person_id: str, workspace_id: str) -> None:
    if membership_store.read(workspace_id, person_id) is None:
        raise Forbidden("you are not a member of this workspace; choose one of yours")


def _opened(**fields: str | None) -> Session:
    session_id, now = secrets.token_urlsafe(_ID_BYTES), clock.now()
    ends = int((now + LIFETIME).timestamp())
    session = Session(id=session_id, created_at=clock.iso(now), expires_at=ends, **fields)
    pk, sk = _key(session_id)
    stored = {name: value for name, value in msgspec.structs.asdict(session).items() if name != "id"}
    table.put({"pk": pk, "sk": sk, **{name: value for name, value in stored.items() if value is not None}})
    if session.person_id:  # so that all of them can be ended
        table.put({"pk": f"PERSON#{session.person_id}", "sk": pk, "expires_at": ends})
    return session


def _key(session_id: str) -> tuple[str, str]:
    return f"SESSION#{secret_texts.digest(session_id)}", "SESSION"
