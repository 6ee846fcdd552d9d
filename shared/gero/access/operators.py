"""Operator tokens: for whoever runs the deployment and makes it do what is due. They open no workspace.

The secret is shown once; the table keeps only its SHA-256. A token's text carries its id, so one read finds it.
"""

import hmac
from collections.abc import Iterator, Mapping

import msgspec

from gero.access import secret_texts
from gero.kit import Conflict, NotFound, Unauthenticated, clock, conditions, new_id, table

PREFIX = "gop_"
HEADER = "X-Dr.Gero-Operator-Token"
_PARTITION = "OPERATORS"


class OperatorToken(msgspec.Struct, frozen=True):
    """An operator token as stored; without its secret."""

    id: str
    name: str
    secret_sha256: str
    created_at: str


def create(name: str) -> tuple[OperatorToken, str]:
    """A new token and its secret text, which nobody can read again. The name tells where it is used."""
    token_id = new_id()
    text = secret_texts.make(PREFIX, token_id)
    token = OperatorToken(token_id, name, secret_texts.digest(text), clock.iso())
    table.put({"pk": _PARTITION, "sk": _key(token_id), "doc": msgspec.json.encode(token).decode()})
    return token, text


def authenticate(headers: Mapping[str, str]) -> OperatorToken:
    """The operator token in these headers (lower-case names). Unauthenticated when there is none that we know."""
    text = headers.get(HEADER.lower()) or secret_texts.bearer(headers)
    token = _find(text)
    if token is None or not hmac.compare_digest(token.secret_sha256, secret_texts.digest(text)):
        raise Unauthenticated(
            f"send an operator token of the deployment, {PREFIX}…, in the header {HEADER} or Authorization: Bearer"
        )
    return token


def listed() -> Iterator[OperatorToken]:
    """The tokens that work, oldest first."""
    for item in table.query(_PARTITION, _key("")):
        yield msgspec.json.decode(item["doc"], type=OperatorToken)


def revoke(token_id: str) -> None:
    """Make a token stop working, at once. NotFound when there is none."""
    try:
        table.delete(_PARTITION, _key(token_id), conditions.present())
    except Conflict as error:
        raise NotFound("no such operator token") from error


def _find(text: str) -> OperatorToken | None:
    ids = secret_texts.ids(PREFIX, text, 1)
    item = table.get(_PARTITION, _key(ids[0]), consistent=True) if ids else None
    return msgspec.json.decode(item["doc"], type=OperatorToken) if item else None


def _key(token_id: str) -> str:
    return f"TOKEN#{token_id}"
