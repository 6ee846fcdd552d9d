"""ID tokens that are not good: forged, expired, for somebody else; and those that only look odd."""

import time
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from functions.api.console.identity import Identity
from gero.kit import UpstreamFailed
from infra.local.stand_ins.sign_in import CLIENT_ID
from tests.functions.signing_in import EMAIL, Provider, provider, servers

__all__ = ["provider", "servers"]


@pytest.mark.parametrize(
    "said",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": [CLIENT_ID, "another-client"]},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"sub": None},
        {"exp": None},
        {"exp": "tomorrow"},
    ],
    ids=str,
)
def test_an_id_token_that_is_not_for_this_sign_in_is_refused(provider: Provider, said: dict[str, Any]) -> None:
    provider.tokens.said = said
    with pytest.raises(UpstreamFailed) as refused:
        provider.sign_in_whole()
    assert refused.value.code == "sign_in_token"


@pytest.mark.parametrize(("claim", "seconds"), [("exp", -120), ("iat", 600), ("nbf", 600)])
def test_a_token_of_another_time_tells_of_the_clocks(provider: Provider, claim: str, seconds: int) -> None:
    provider.tokens.said = {claim: int(time.time()) + seconds}
    with pytest.raises(UpstreamFailed, match="clock"):
        provider.sign_in_whole()


def test_clocks_may_differ_by_a_minute(provider: Provider) -> None:
    provider.tokens.said = {"iat": int(time.time()) + 30, "exp": int(time.time()) - 30}
    assert provider.sign_in_whole().email == EMAIL


def test_a_token_without_a_signature_is_refused(provider: Provider) -> None:
    provider.tokens.algorithm = "none"
    with pytest.raises(UpstreamFailed, match="not good for us"):
        provider.sign_in_whole()


def test_a_token_of_another_key_is_refused(provider: Provider) -> None:
    provider.tokens.key = RSAKey.generate_key(2048)
    with pytest.raises(UpstreamFailed, match="not good for us"):
        provider.sign_in_whole()


def test_a_token_signed_with_the_public_key_as_a_password_is_refused(provider: Provider) -> None:
    provider.tokens.algorithm = "HS256"
    with pytest.raises(UpstreamFailed, match="not good for us"):
        provider.sign_in_whole()


def test_a_provider_may_change_its_keys(provider: Provider) -> None:
    provider.sign_in_whole()
    del provider.tokens._made_key
    assert provider.sign_in_whole().email == EMAIL


def test_an_address_that_is_not_in_the_token_is_asked_for(provider: Provider) -> None:
    provider.tokens.said = {"email": None, "email_verified": None}
    assert provider.sign_in_whole() == Identity(provider.issuer, provider.account.subject, EMAIL, True, "")


def test_what_is_told_of_somebody_else_is_refused(provider: Provider) -> None:
    provider.tokens.said = {"email": None, "sub": "another"}
    with pytest.raises(UpstreamFailed, match="somebody else"):
        provider.sign_in_whole()


@pytest.mark.parametrize("verified", [False, None, "false", 1.5])
def test_an_address_counts_as_verified_only_when_it_is_said_so(provider: Provider, verified: Any) -> None:
    provider.tokens.said = {"email_verified": verified}
    assert provider.sign_in_whole().email_verified is False
