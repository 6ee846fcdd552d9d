"""What the development sign-in hands out: codes that work once, and tokens that it signed."""

import base64
import hashlib
import hmac
import secrets
import threading
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from infra.local.stand_ins.sign_in.accounts import Account

CODE_SECONDS = 60.0
TOKEN_SECONDS = 3600
_MAX_KEPT = 10_000
_ALGORITHM = "RS256"


@dataclass(frozen=True)
class Asked:
    """What a client asked for when it sent a browser here."""

    client_id: str
    redirect_uri: str
    challenge: str
    nonce: str | None

    def is_proven_by(self, verifier: str) -> bool:
        """Whether who has the verifier is who asked (PKCE, S256)."""
        digest = hashlib.sha256(verifier.encode()).digest()
        return hmac.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"="), self.challenge.encode())


@dataclass(frozen=True)
class _Code:
    asked: Asked
    account: Account
    until: float


class Tokens:
    """Codes and tokens, in memory. The key is made when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._codes: dict[str, _Code] = {}
        self._access: dict[str, Account] = {}

    def code(self, asked: Asked, account: Account) -> str:
        """A code that can be redeemed once within a minute."""
        code = secrets.token_urlsafe(32)
        _keep(self._codes, code, _Code(asked, account, time.monotonic() + CODE_SECONDS))
        return code

    def redeemed(self, code: str, verifier: str, redirect_uri: str, client_id: str) -> tuple[Asked, Account] | None:
        """Who a code stands for, and what was asked; None when it is not good. It is gone in either case."""
        found = self._codes.pop(code, None)
        if found is None or found.until < time.monotonic() or not found.asked.is_proven_by(verifier):
            return None
        if (redirect_uri, client_id) != (found.asked.redirect_uri, found.asked.client_id):
            return None
        return found.asked, found.account

    def access_token(self, account: Account) -> str:
        """What the account's details can be asked for with."""
        token = secrets.token_urlsafe(32)
        _keep(self._access, token, account)
        return token

    def whose(self, access_token: str) -> Account | None:
        """The account of an access token."""
        return self._access.get(access_token)

    def claims(self, issuer: str, asked: Asked, account: Account) -> dict[str, Any]:
        """What an ID token says."""
        now = int(time.time())
        about = {"sub": account.subject, "email": account.email, "email_verified": True}
        told = {"iss": issuer, "aud": asked.client_id, "iat": now, "exp": now + TOKEN_SECONDS, **about}
        return told | ({"nonce": asked.nonce} if asked.nonce else {})

    def signed(self, claims: dict[str, Any]) -> str:
        """The claims as a JWT of ours."""
        return jwt.encode({"alg": _ALGORITHM, "kid": self._key.kid}, claims, self._key, [_ALGORITHM])

    def key_set(self) -> dict[str, Any]:
        """The public key, as a JWK set."""
        return {"keys": [self._key.as_dict(private=False, use="sig", alg=_ALGORITHM)]}

    @property
    def _key(self) -> RSAKey:
        with self._lock:
            return self._made_key

    @cached_property
    def _made_key(self) -> RSAKey:
        return RSAKey.generate_key(2048, auto_kid=True)


def _keep(kept: dict[str, Any], name: str, value: Any) -> None:
    kept[name] = value
    while len(kept) > _MAX_KEPT:
        kept.pop(next(iter(kept)))
