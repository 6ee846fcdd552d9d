"""API tokens. The secret is shown once; the table keeps only its SHA-256.

A token's text carries its workspace and its own id, so one read finds its row and no index over secrets is needed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import TypedDict

import msgspec

from gero.access import budget_store, budget_terms, plans, secret_texts
from gero.access import scopes as scope_rules
from gero.access.budget_terms import BudgetTerms
from gero.kit import Conflict, Forbidden, Invalid, NotFound, clock, conditions, new_id, table
from gero.kit.table import Changes, Write

PREFIX = "drgero_"
USED_AT = "used_at"
"""An attribute beside the document, so that noting the use of a token races with no change of it."""
MAX_GRACE = timedelta(days=7)
_SHOWN = 4
_TRIES = 5
_GONE = "no such token in this workspace"


class Token(msgspec.Struct, frozen=True, omit_defaults=True):
    """An API token without its secret. Until `previous_until` the secret before the rotation works too."""

    id: str
    workspace_id: str
    name: str
    scopes: tuple[str, ...]
    secret_sha256: str
    created_at: str
    expires_at: str | None = None
    revoked_at: str | None = None
    last_four: str | None = None
    budget: BudgetTerms | None = None
    rotated_at: str | None = None
    previous_sha256: str | None = None
    previous_until: str | None = None
    last_used_at: str | None = None
    """To within five minutes; not part of the stored document."""

    def is_opened_by(self, text: str) -> bool:
        """Whether this is its secret, or the one before that still works."""
        digest = secret_texts.digest(text)
        return secret_texts.opens(digest, self.secret_sha256, self.previous_sha256, self.previous_until)

    def has_expired(self) -> bool:
        """Whether its lifetime is over."""
        return self.expires_at is not None and self.expires_at <= clock.iso()


class TokenFields(TypedDict, total=False):
    """What can be changed about a token; what is left out stays. A limit in dollars, None: no budget."""

    name: str
    scopes: Iterable[str]
    budget_limit: Decimal | str | int | float | None
    budget_reset_interval: str | None


def create(
    workspace_id: str,
    name: str,
    scopes: Iterable[str],
    expires_in: str | None = None,
    budget: BudgetTerms | None = None,
    *,
    by_operator: bool = False,
) -> tuple[Token, str]:
    """A new token and its secret text, which nobody can read again. Invalid on an unknown scope or lifetime.

    PaymentRequired when the workspace's plan asks for another budget; what an operator makes is free of that.
    """
    expires_at, scopes = secret_texts.expiry(expires_in), scope_rules.checked(scopes)
    if not by_operator:
        plans.of(workspace_id).check_token(scopes, budget)
    token_id = new_id()
    text = secret_texts.make(PREFIX, workspace_id, token_id)
    token = Token(
        id=token_id,
        workspace_id=workspace_id,
        name=name,
        scopes=scopes,
        secret_sha256=secret_texts.digest(text),
        created_at=clock.iso(),
        expires_at=expires_at,
        last_four=text[-_SHOWN:],
        budget=budget,
    )
    pk, sk = key(workspace_id, token_id)
    row = Write(item={"pk": pk, "sk": sk, "doc": _encode(token)}, condition=conditions.absent())
    table.transact([row, *_budget_writes(token, None)])
    return token, text


def get(workspace_id: str, token_id: str) -> Token:
    """A token. NotFound when there is none."""
    return _decode(_read(workspace_id, token_id))


def find(text: str) -> Token | None:
    """The token whose ids a secret text carries; whether it is its secret, `is_opened_by` tells."""
    ids = secret_texts.ids(PREFIX, text, 2)
    item = table.get(*key(*ids), consistent=True) if ids else None
    return _decode(item) if item else None


def listed(workspace_id: str) -> Iterator[Token]:
    """The workspace's tokens, oldest first."""
    for item in table.query(*key(workspace_id, "")):
        yield _decode(item)


def change(workspace_id: str, token_id: str, fields: TokenFields) -> Token:
    """Change the given fields; what is spent of a budget stays spent. Invalid names the field, NotFound without one.

    PaymentRequired when the workspace's plan asks for another budget; a token that has other terms may keep them.
    """
    plan = plans.of(workspace_id)

    def changed(old: Token) -> Token:
        scopes = scope_rules.checked(fields["scopes"]) if "scopes" in fields else old.scopes
        budget = _terms(old.budget, fields)
        if (scopes, budget) != (old.scopes, old.budget):
            plan.check_token(scopes, budget)
        return msgspec.structs.replace(old, name=fields.get("name", old.name), scopes=scopes, budget=budget)

    return _change(workspace_id, token_id, changed)


def rotate(workspace_id: str, token_id: str, grace: timedelta, held: Iterable[str] = ("*",)) -> tuple[Token, str]:
    """A new secret for the token; the old one works on for `grace`. Conflict when it is revoked or expired.

    Forbidden when the token may more than the scopes `held` by whoever is given the secret.
    """
    if not timedelta(0) <= grace <= MAX_GRACE:
        raise Invalid(f"grace_seconds: from 0 to {int(MAX_GRACE.total_seconds()):,}", field="grace_seconds")
    item = _read(workspace_id, token_id)
    old = _decode(item)
    if old.revoked_at or old.has_expired():
        raise Conflict("this API token was revoked, or has expired; create another one")
    if not scope_rules.narrower(old.scopes, held):
        raise Forbidden("this token may more than the one that asks for its secret; ask with one that has its scopes")
    text = secret_texts.make(PREFIX, workspace_id, token_id)
    rotated = msgspec.structs.replace(
        old,
        secret_sha256=secret_texts.digest(text),
        last_four=text[-_SHOWN:],
        rotated_at=clock.iso(),
        previous_sha256=old.secret_sha256,
        previous_until=clock.iso(clock.now() + grace),
    )
    _save(item, rotated)
    return rotated, text


def revoke(workspace_id: str, token_id: str) -> Token:
    """Disable a token at once (each process forgets it within its cache's seconds). NotFound when there is none."""

    def revoked(old: Token) -> Token:
        return msgspec.structs.replace(old, revoked_at=old.revoked_at or clock.iso(), previous_until=None)

    return _change(workspace_id, token_id, revoked)


def delete(workspace_id: str, token_id: str) -> None:
    """Drop a token's record and its budget; it stops working as with `revoke`. NotFound when there is none."""
    token = Write(key=key(workspace_id, token_id), condition=conditions.present())
    try:
        table.transact([token, Write(key=budget_store.key(workspace_id, token_id))])
    except Conflict as error:
        raise NotFound(_GONE) from error


def key(workspace_id: str, token_id: str) -> tuple[str, str]:
    """Where a token is."""
    return f"WS#{workspace_id}", f"TOKEN#{token_id}"


def _terms(old: BudgetTerms | None, fields: TokenFields) -> BudgetTerms | None:
    if not fields.keys() & {"budget_limit", "budget_reset_interval"}:
        return old
    kept = Decimal(old.limit_nanos).scaleb(-9) if old else None
    limit = fields.get("budget_limit", kept)
    interval = old.reset_interval if old and limit is not None else None  # without a budget there is none to keep
    return budget_terms.checked(limit, fields.get("budget_reset_interval", interval))


def _change(workspace_id: str, token_id: str, change: Callable[[Token], Token]) -> Token:
    """What the change makes of a token, whatever others do to it meanwhile."""
    for _ in range(_TRIES):
        item = _read(workspace_id, token_id)
        old = _decode(item)
        new = change(old)
        try:
            _save(item, new, _budget_writes(new, old))
        except Conflict as error:
            conflict = error
            continue
        return new
    raise conflict


def _budget_writes(new: Token, old: Token | None) -> list[Write]:
    if new.budget == (old.budget if old else None):
        return []
    place = budget_store.key(new.workspace_id, new.id)
    if new.budget is None:
        return [Write(key=place)]
    known = budget_store.read(place) if old else None
    if known is None:
        return [budget_store.opening(place, new.budget)]
    return [budget_store.changing(place, budget_store.tidied(place, known), new.budget)]


def _save(item: table.Item, new: Token, others: Sequence[Write] = ()) -> None:
    """Store what became of a token. Conflict when it is not any more what was read."""
    changes, unchanged = Changes(set={"doc": _encode(new)}), conditions.equals("doc", item["doc"])
    place = key(new.workspace_id, new.id)
    if others:
        table.transact([Write(key=place, changes=changes, condition=unchanged), *others])
    else:
        table.update(*place, changes, unchanged)


def _read(workspace_id: str, token_id: str) -> table.Item:
    item = table.get(*key(workspace_id, token_id), consistent=True)
    if item is None:
        raise NotFound(_GONE)
    return item


def _encode(token: Token) -> str:
    return msgspec.json.encode(msgspec.structs.replace(token, last_used_at=None)).decode()


def _decode(item: table.Item) -> Token:
    token = msgspec.json.decode(item["doc"], type=Token)
    return msgspec.structs.replace(token, last_used_at=item.get(USED_AT))
