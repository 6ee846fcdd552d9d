"""API tokens. The secret is shown once; the table keeps only its SHA-256.

A token's text carries its workspace and its own id, so one read finds its row and no index over secrets is needed.
"""

import hmac
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from gero.access import scopes as scope_rules
from gero.access import secret_texts
from gero.kit import Conflict, Forbidden, NotFound, Unauthenticated, clock, conditions, new_id, table

PREFIX = "drgero_"


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
    expires_at = secret_texts.expiry(expires_in)
    token_id = new_id()
    text = secret_texts.make(PREFIX, workspace_id, token_id)
    token = Token(
        id=token_id,
        workspace_id=workspace_id,
        name=name,
        scopes=scope_rules.checked(scopes),
        secret_sha256=secret_texts.digest(text),
        created_at=clock.iso(),
        expires_at=expires_at,
    )
    table.put({"pk": f"WS#{workspace_id}", "sk": f"TOKEN#{token_id}", "doc": msgspec.json.encode(token).decode()})
    return token, text


def authenticate(headers: Mapping[str, str]) -> Principal:
    """Who sent a request with these headers (lower-case names). Unauthenticated when nobody we know."""
    text = _presented(headers)
    token = _find(text)
    if token is None or not hmac.compare_digest(token.secret_sha256, secret_texts.digest(text)):
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
    text = secret_texts.bearer(headers) or headers.get("x-api-key") or headers.get("x-dr.gero-api-key") or ""
    if not text:
        raise Unauthenticated("send an API token in the header Authorization: Bearer drgero_…")
    return text


def _find(text: str) -> Token | None:
    ids = secret_texts.ids(PREFIX, text, 2)
    item = table.get(f"WS#{ids[0]}", f"TOKEN#{ids[1]}") if ids else None
    return _decode(item["doc"]) if item else None


def _decode(doc: str) -> Token:
    return msgspec.json.decode(doc, type=Token)
