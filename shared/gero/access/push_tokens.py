"""Push tokens: a secret that may only add rows, and only to the dataset of one leaderboard.

Its text carries the workspace, the leaderboard and its own id, so that one read finds it. The table keeps its SHA-256.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

import msgspec

from gero.access import secret_texts
from gero.kit import Conflict, Forbidden, Invalid, NotFound, Unauthenticated, clock, conditions, new_id, table

PREFIX = "hpd_"
MAX_TOKENS = 100
MAX_GRACE = timedelta(days=7)
_SHOWN = 4


class PushToken(msgspec.Struct, frozen=True, omit_defaults=True):
    """A push token as stored; without its secret. Until `previous_until` the secret before the rotation works too."""

    id: str
    workspace_id: str
    leaderboard_id: str
    name: str
    secret_sha256: str
    last_four: str
    created_at: str
    expires_at: str | None = None
    revoked_at: str | None = None
    rotated_at: str | None = None
    previous_sha256: str | None = None
    previous_until: str | None = None

    def is_opened_by(self, text: str) -> bool:
        """Whether this is its secret, or the one before that still works."""
        digest = secret_texts.digest(text)
        return secret_texts.opens(digest, self.secret_sha256, self.previous_sha256, self.previous_until)


def create(workspace_id: str, leaderboard_id: str, name: str, expires_in: str | None = None) -> tuple[PushToken, str]:
    """A new token and its secret text, which nobody can read again. Conflict when the leaderboard has too many."""
    expires_at = secret_texts.expiry(expires_in)
    if sum(1 for _ in listed(workspace_id, leaderboard_id)) >= MAX_TOKENS:
        raise Conflict(f"a leaderboard has at most {MAX_TOKENS} push tokens; delete one first")
    token_id = new_id()
    text = secret_texts.make(PREFIX, workspace_id, leaderboard_id, token_id)
    token = PushToken(
        id=token_id,
        workspace_id=workspace_id,
        leaderboard_id=leaderboard_id,
        name=name,
        secret_sha256=secret_texts.digest(text),
        last_four=text[-_SHOWN:],
        created_at=clock.iso(),
        expires_at=expires_at,
    )
    _save(token, conditions.absent())
    return token, text


def authenticate(headers: Mapping[str, str]) -> PushToken | None:
    """The token that a request with these headers (lower-case names) shows; None when it shows none.

    Unauthenticated when it is unknown, revoked or expired.
    """
    text = headers.get("x-dr.gero-push-token") or secret_texts.bearer(headers)
    if not text.startswith(PREFIX):
        if "x-dr.gero-push-token" in headers:
            raise Unauthenticated("X-Dr.Gero-Push-Token: this is not a push token (hpd_…)")
        return None
    token = _find(text)
    if token is None or not token.is_opened_by(text):
        raise Unauthenticated("unknown push token; check that it was copied whole")
    if token.revoked_at:
        raise Unauthenticated("this push token was revoked")
    if _has_expired(token):
        raise Unauthenticated(f"this push token expired at {token.expires_at}")
    return token


def check_leaderboard(token: PushToken, leaderboard_id: str) -> None:
    """Forbidden unless the token is of this leaderboard."""
    if token.leaderboard_id != leaderboard_id:
        raise Forbidden("this push token belongs to another leaderboard; create one for this one")


def listed(workspace_id: str, leaderboard_id: str) -> Iterator[PushToken]:
    """The leaderboard's tokens, oldest first."""
    for item in table.query(*_key(workspace_id, leaderboard_id, "")):
        yield _decode(item)


def rotate(workspace_id: str, leaderboard_id: str, token_id: str, grace: timedelta) -> tuple[PushToken, str]:
    """A new secret for the token; the old one works on for `grace`. Conflict when it is revoked or expired."""
    if not timedelta(0) <= grace <= MAX_GRACE:
        raise Invalid(f"grace_seconds: from 0 to {int(MAX_GRACE.total_seconds()):,}", field="grace_seconds")
    old = _get(workspace_id, leaderboard_id, token_id)
    if old.revoked_at or _has_expired(old):
        raise Conflict("this push token was revoked, or has expired; create another one")
    text = secret_texts.make(PREFIX, workspace_id, leaderboard_id, token_id)
    rotated = msgspec.structs.replace(
        old,
        secret_sha256=secret_texts.digest(text),
        last_four=text[-_SHOWN:],
        rotated_at=clock.iso(),
        previous_sha256=old.secret_sha256,
        previous_until=clock.iso(clock.now() + grace),
    )
    _save(rotated, conditions.equals("doc", _encode(old)))
    return rotated, text


def revoke(workspace_id: str, leaderboard_id: str, token_id: str) -> PushToken:
    """Disable a token at once. NotFound when there is none."""
    token = _get(workspace_id, leaderboard_id, token_id)
    revoked = msgspec.structs.replace(token, revoked_at=token.revoked_at or clock.iso(), previous_until=None)
    _save(revoked, conditions.present())  # whatever changed it meanwhile
    return revoked


def delete(workspace_id: str, leaderboard_id: str, token_id: str) -> None:
    """Drop a token's record; it stops working. NotFound when there is none."""
    try:
        table.delete(*_key(workspace_id, leaderboard_id, token_id), conditions.present())
    except Conflict as error:
        raise NotFound("no such push token of this leaderboard") from error


def _has_expired(token: PushToken) -> bool:
    return token.expires_at is not None and token.expires_at <= clock.iso()


def _get(workspace_id: str, leaderboard_id: str, token_id: str) -> PushToken:
    item = table.get(*_key(workspace_id, leaderboard_id, token_id), consistent=True)
    if item is None:
        raise NotFound("no such push token of this leaderboard")
    return _decode(item)


def _find(text: str) -> PushToken | None:
    ids = secret_texts.ids(PREFIX, text, 3)
    item = table.get(*_key(*ids), consistent=True) if ids else None
    return _decode(item) if item else None


def _save(token: PushToken, condition: conditions.Condition) -> None:
    pk, sk = _key(token.workspace_id, token.leaderboard_id, token.id)
    table.put({"pk": pk, "sk": sk, "doc": _encode(token)}, condition)


def _key(workspace_id: str, leaderboard_id: str, token_id: str) -> tuple[str, str]:
    return f"WS#{workspace_id}#LB#{leaderboard_id}", f"PUSHTOKEN#{token_id}"


def _encode(token: PushToken) -> str:
    return msgspec.json.encode(token).decode()


def _decode(item: table.Item) -> PushToken:
    return msgspec.json.decode(item["doc"], type=PushToken)
