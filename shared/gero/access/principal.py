"""Who is calling: the token that a request shows, checked, and the note of when it was last used."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

import msgspec

from gero.access import roles, secret_texts, tokens
from gero.access import scopes as scope_rules
from gero.kit import Conflict, Forbidden, Unauthenticated, clock, conditions, log, table
from gero.kit.table import Changes

_NOTED_EVERY = timedelta(minutes=5)


class Principal(msgspec.Struct, frozen=True):
    """Who acts in a workspace: a token, or a person. `token_id`: a token's id, or a person's e-mail address.

    `budgeted`: its inference is paid from a budget (`gero.access.budgets`). `role`: a person's; None for a token.
    """

    workspace_id: str
    token_id: str
    scopes: tuple[str, ...]
    budgeted: bool = False
    role: str | None = None

    @property
    def acting_role(self) -> str:
        """The role that decides what may be done to people: a person's own, or the one a token's scopes stand for."""
        return self.role or roles.of_token(self.scopes)

    def require_no_budget(self, does: str) -> None:
        """Forbidden for a token with a budget, which pays its inference only. `does`: what it may not do, in words."""
        if self.budgeted:
            raise Forbidden(f"a token with a budget {does}; use one without a budget for that")

    def require_all_of(self, scopes: Iterable[str], told: str) -> None:
        """Forbidden unless whoever acts may do all that these scopes allow, as nobody gives more than they have."""
        if not scope_rules.narrower(scopes, self.scopes):
            raise Forbidden(told)

    def require(self, scope: str) -> None:
        """Forbidden unless the scopes cover `scope`."""
        if scope_rules.allows(self.scopes, scope):
            return
        if self.role:
            told = f"your role here, {self.role}, does not include {scope}; ask an owner or admin of the workspace"
            raise Forbidden(told, needed=scope)
        raise Forbidden(f"this token lacks the scope {scope}; create one that has it", needed=scope)


def authenticate(headers: Mapping[str, str]) -> Principal:
    """Who sent a request with these headers (lower-case names). Unauthenticated when nobody we know.

    Reads one item; once in five minutes a token it also writes that the token was used.
    """
    text = _presented(headers)
    token = tokens.find(text)
    if token is None or not token.is_opened_by(text):
        raise Unauthenticated("unknown API token; check that it was copied whole")
    return of_token(token)


def of_token(token: tokens.Token) -> Principal:
    """Who acts with a token that was opened by its secret. Unauthenticated when it was revoked or has expired."""
    if token.revoked_at:
        raise Unauthenticated("this API token was revoked")
    if token.has_expired():
        raise Unauthenticated(f"this API token expired at {token.expires_at}")
    _note_use(token)
    return Principal(token.workspace_id, token.id, token.scopes, token.budget is not None)


def _presented(headers: Mapping[str, str]) -> str:
    text = secret_texts.bearer(headers) or headers.get("x-api-key") or headers.get("x-dr.gero-api-key") or ""
    if not text:
        raise Unauthenticated("send an API token in the header Authorization: Bearer drgero_…")
    return text


def _note_use(token: tokens.Token) -> None:
    now = clock.now()
    long_ago = clock.iso(now - _NOTED_EVERY)
    if token.last_used_at and token.last_used_at > long_ago:
        return
    due = conditions.absent(tokens.USED_AT) | conditions.at_most(tokens.USED_AT, long_ago)
    changes = Changes(set={tokens.USED_AT: clock.iso(now)})
    try:
        table.update(*tokens.key(token.workspace_id, token.id), changes, conditions.present() & due)
    except Conflict:
        return  # somebody else noted it, or the token was deleted meanwhile
    except Exception as error:  # noqa: BLE001  the request matters more than the note
        log.failure("token.use_not_noted", error, token_id=token.id)
