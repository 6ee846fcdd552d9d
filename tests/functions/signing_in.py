"""The development sign-in on a real socket, as tests sign in at it; told to, it cheats."""

import hashlib
import hmac
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from joserfc.util import json_b64encode, urlsafe_b64encode

from functions.api.console import identity, identity_provider
from functions.api.console.identity import Identity
from gero.kit import address
from infra.local.stand_ins.background import BackgroundServers
from infra.local.stand_ins.sign_in import CLIENT_ID, SignIn
from infra.local.stand_ins.sign_in.tokens import Tokens

EMAIL, PASSWORD = "ada@example.com", "correct horse"
REDIRECT = "http://127.0.0.1:4700/sign-in/callback"


class ScriptedTokens(Tokens):
    """Tokens that say something else than they should, or are signed by another key or in another way."""

    def __init__(self) -> None:
        super().__init__()
        self.said: dict[str, Any] = {}
        self.algorithm = "RS256"
        self.key: RSAKey | None = None

    def signed(self, claims: dict[str, Any]) -> str:
        """Claims that are None are left out."""
        told = {name: value for name, value in {**claims, **self.said}.items() if value is not None}
        header = {"alg": self.algorithm, "kid": self._key.kid}
        if self.algorithm == "RS256":
            return jwt.encode(header, told, self.key or self._key, ["RS256"])
        signed = json_b64encode(header) + b"." + json_b64encode(told)
        key = self._key.as_pem(private=False)
        signature = hmac.new(key, signed, hashlib.sha256).digest() if self.algorithm == "HS256" else b""
        return (signed + b"." + urlsafe_b64encode(signature)).decode()


class Provider:
    """The running provider, and a browser that signs in at it."""

    def __init__(self, servers: BackgroundServers) -> None:
        self.sign_in = SignIn()
        self.tokens = self.sign_in.tokens = ScriptedTokens()
        self.account = self.sign_in.accounts.create(EMAIL, PASSWORD)
        self.issuer = servers.serve(self.sign_in.app())

    def come_back(self, url: str) -> dict[str, str]:
        """Sign in at the page that a browser was sent to; what it comes back with."""
        sent = httpx.post(url, data={"email": EMAIL, "password": PASSWORD})
        return {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["location"]).query).items()}

    def sign_in_whole(self) -> Identity:
        """Everything from the first page to the identity."""
        url, kept = identity.begin(REDIRECT)
        return identity.finish(kept, self.come_back(url), REDIRECT)


@pytest.fixture
def servers() -> Iterator[BackgroundServers]:
    servers = BackgroundServers()
    yield servers
    servers.close()


@pytest.fixture
def provider(servers: BackgroundServers, monkeypatch: pytest.MonkeyPatch) -> Provider:
    made = Provider(servers)
    monkeypatch.setenv("GERO_PRIVATE_NETWORKS", address.LOOPBACK)
    monkeypatch.setenv("GERO_SIGN_IN_ISSUER", made.issuer)
    monkeypatch.setenv("GERO_SIGN_IN_CLIENT_ID", CLIENT_ID)
    monkeypatch.delenv("GERO_SIGN_IN_DOMAIN", raising=False)
    identity_provider.forget()
    return made
