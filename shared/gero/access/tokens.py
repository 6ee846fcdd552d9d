"""API tokens. The secret is shown once; the table keeps only its SHA-256.

A token's text carries its workspace and its own id, so one read finds its row and no index over secrets is needed.
"""

import base64
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

import msgspec

from gero.access import scopes as scope_rules
from gero.kit import Conflict, Forbidden, Invalid, NotFound, Unauthenticated, clock, conditions, new_id, table

PREFIX = "drgero_"
_SECRET_BYTES = 22
_LIFETIMES = {
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
    "180d": timedelta(days=180),
    "1y": timedelta(days=365),
}


class Token(msgspec.Struct, frozen=True, omit_defaults=True):
    """An API token as stored; without its secret."""

    id: str
    workspace_id: str
    name: str
    scopes: tuple[str, ...]
    secret_sha256: str
    created_at: str
    expires_at: str | None = None
    revoked_at: str | None = None


class Principal(msgspec.Struct, frozen=True):
    """Who is calling: a token of a workspace."""

    workspace_id: str
    token_id: str
    scopes: tuple[str, ...]

    def require(self, scope: str) -> None:
        """Forbidden unless the token's scopes cover `scope`."""
        if not scope_rules.allows(self.scopes, scope):
            raise Forbidden(f"this token lacks the scope {scope}; create one that has it", needed=scope)


def create(workspace_id: str, name: str, scopes: Iterable[str], expires_in: str | None = None) -> tuple[Token, str]:
    """A new token and its secret text, which nobody can read again. Invalid on an unknown scope or lifetime."""
    if expires_in is not None and expires_in not in (*_LIFETIMES, "none"):
        raise Invalid(f"expires_in: use one of none, {', '.join(_LIFETIMES)}", field="expires_in")
    lifetime = _LIFETIMES.get(expires_in or "none")
    token_id = new_id()
    text = _text(workspace_id, token_id)
    token = Token(
        id=token_id,
        workspace_id=workspace_id,
        name=name,
        scopes=scope_rules.checked(scopes),
        secret_sha256=_digest(text),
        created_at=clock.iso(),
        expires_at=clock.iso(clock.now() + lifetime) if lifetime else None,
    )
    table.put({"pk": f"WS#{workspace_id}", "sk": f"TOKEN#{token_id}", "doc": msgspec.json.encode(token).decode()})
    return token, text


def authenticate(headers: Mapping[str, str]) -> Principal:
    """Who sent a request with these headers (lower-case names). Unauthenticated when nobody we know."""
    text = _presented(headers)
    token = _find(text)
    if token is None or not hmac.compare_digest(token.secret_sha256, _digest(text)):
        raise Unauthenticated("unknown API token; check that it was copied whole")
    if token.revoked_at:
        raise Unauthenticated("this API token was revoked")
    if token.expires_at and clock.parse(token.expires_at) <= clock.now():
        raise Unauthenticated(f"this API token expired at {token.expires_at}")
    return Principal(token.workspace_id, token.id, token.scopes)


def listed(workspace_id: str) -> Iterator[Token]:
    """The workspace's tokens, oldest first."""
    for item in table.query(f"WS#{workspace_id}", "TOKEN#"):
        yield _decode(item["doc"])


def revoke(workspace_id: str, token_id: str) -> Token:
    """Disable a token at once (each process forgets it within its cache's seconds). NotFound when there is none."""
    item = table.get(f"WS#{workspace_id}", f"TOKEN#{token_id}", consistent=True)
    if item is None:
        raise NotFound("no such token in this workspace")
    token = _decode(item["doc"])
    revoked = msgspec.structs.replace(token, revoked_at=token.revoked_at or clock.iso())
    table.put({**item, "doc": msgspec.json.encode(revoked).decode()}, conditions.present())
    return revoked


def delete(workspace_id: str, token_id: str) -> None:
    """Drop a token's record; it stops working as with `revoke`. NotFound when there is none."""
    try:
        table.delete(f"WS#{workspace_id}", f"TOKEN#{token_id}", conditions.present())
    except Conflict as error:
        raise NotFound("no such token in this workspace") from error


def _presented(headers: Mapping[str, str]) -> str:
    scheme, _, credential = headers.get("authorization", "").partition(" ")
    bearer = credential.strip() if scheme.lower() == "bearer" else ""
    text = bearer or headers.get("x-api-key") or headers.get("x-dr.gero-api-key") or ""
    if not text:
        raise Unauthenticated("send an API token in the header Authorization: Bearer drgero_…")
    return text


def _find(text: str) -> Token | None:
    try:
        raw = base64.urlsafe_b64decode(text.removeprefix(PREFIX))
        workspace_id, token_id = str(uuid.UUID(bytes=raw[:16])), str(uuid.UUID(bytes=raw[16:32]))
    except ValueError:
        return None
    item = table.get(f"WS#{workspace_id}", f"TOKEN#{token_id}") if text.startswith(PREFIX) else None
    return _decode(item["doc"]) if item else None


def _text(workspace_id: str, token_id: str) -> str:
    raw = uuid.UUID(workspace_id).bytes + uuid.UUID(token_id).bytes + secrets.token_bytes(_SECRET_BYTES)
    return PREFIX + base64.urlsafe_b64encode(raw).decode()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _decode(doc: str) -> Token:
    return msgspec.json.decode(doc, type=Token)
