"""Signing in by OpenID Connect, against the development sign-in on a real socket."""

import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from functions.api.console import identity, identity_provider
from functions.api.console.identity import Identity
from gero.kit import Forbidden, GeroError, Invalid, UpstreamFailed
from infra.local.stand_ins.background import BackgroundServers
from infra.local.stand_ins.sign_in import CLIENT_ID
from tests.functions.signing_in import EMAIL, REDIRECT, Provider, provider, servers

__all__ = ["provider", "servers"]


def test_a_person_is_who_the_provider_vouches_for(provider: Provider) -> None:
    assert provider.sign_in_whole() == Identity(provider.issuer, provider.account.subject, EMAIL, True, "")


def test_the_browser_is_sent_with_fresh_secrets_and_a_proof_of_who_asked(provider: Provider) -> None:
    (url, kept), (_, again) = identity.begin(REDIRECT), identity.begin(REDIRECT)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(f"{provider.issuer}/authorize?")
    assert asked["code_challenge_method"] == "S256"
    assert kept["verifier"] not in url
    assert (asked["state"], asked["nonce"], asked["redirect_uri"]) == (kept["state"], kept["nonce"], REDIRECT)
    assert not set(kept.values()) & set(again.values())


@pytest.mark.parametrize("state", ["another", None, ""])
def test_another_state_than_was_kept_is_refused_before_anything_is_asked(provider: Provider, state: str | None) -> None:
    url, kept = identity.begin(REDIRECT)
    query = provider.come_back(url)
    changed = {**query, "state": state} if state is not None else {"code": query["code"]}
    with pytest.raises(Invalid, match="sign in again") as refused:
        identity.finish(kept, changed, REDIRECT)
    assert refused.value.code == "sign_in_state"
    assert identity.finish(kept, query, REDIRECT), "the code was not used up"


def test_nothing_kept_is_refused(provider: Provider) -> None:
    with pytest.raises(Invalid, match="sign in again"):
        identity.finish({}, {"state": "", "code": "x"}, REDIRECT)


def test_a_code_of_somebody_elses_sign_in_is_refused(provider: Provider) -> None:
    theirs = provider.come_back(identity.begin(REDIRECT)[0])
    url, kept = identity.begin(REDIRECT)
    mine = provider.come_back(url)
    with pytest.raises(Invalid, match="used already or took too long; sign in again"):
        identity.finish(kept, {**mine, "code": theirs["code"]}, REDIRECT)


def test_a_code_works_once(provider: Provider) -> None:
    url, kept = identity.begin(REDIRECT)
    query = provider.come_back(url)
    identity.finish(kept, query, REDIRECT)
    with pytest.raises(Invalid, match="sign in again"):
        identity.finish(kept, query, REDIRECT)


def test_who_is_turned_away_there_is_told_so(provider: Provider) -> None:
    _, kept = identity.begin(REDIRECT)
    with pytest.raises(Forbidden, match="cancelled or not allowed"):
        identity.finish(kept, {"state": kept["state"], "error": "access_denied"}, REDIRECT)
    with pytest.raises(UpstreamFailed, match="could not sign you in") as failed:
        identity.finish(kept, {"state": kept["state"], "error": "server_error", "error_description": "x"}, REDIRECT)
    assert failed.value.code == "sign_in_refused"


def test_an_answer_of_another_issuer_is_refused(provider: Provider) -> None:
    url, kept = identity.begin(REDIRECT)
    with pytest.raises(Invalid, match="another server"):
        identity.finish(kept, {**provider.come_back(url), "iss": "https://evil.example"}, REDIRECT)


def test_what_the_provider_says_of_itself_is_asked_for_once_an_hour(
    provider: Provider, servers: BackgroundServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity.begin(REDIRECT)
    fetched = dict(identity_provider._documents)
    identity.begin(REDIRECT)
    assert identity_provider._documents == fetched
    monkeypatch.setattr(identity_provider, "_KEPT_SECONDS", 0.0)
    identity.begin(REDIRECT)
    assert identity_provider._documents != fetched


def test_a_provider_that_is_down_is_told_plainly(provider: Provider, servers: BackgroundServers) -> None:
    url, kept = identity.begin(REDIRECT)
    query = provider.come_back(url)
    servers.close()
    with pytest.raises(UpstreamFailed, match="the sign-in server cannot be reached; try again") as failed:
        identity.finish(kept, query, REDIRECT)
    assert "field" not in failed.value.details
    identity_provider.forget()
    with pytest.raises(UpstreamFailed, match="cannot be reached"):
        identity.begin(REDIRECT)
    assert identity.sign_out_url("http://127.0.0.1:4700/sign-in") is None, "signing out here works all the same"


def test_a_server_that_is_no_provider_is_told_plainly(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GERO_SIGN_IN_ISSUER", f"{provider.issuer}/elsewhere")
    with pytest.raises(UpstreamFailed, match="answered with 404"):
        identity.begin(REDIRECT)


def test_the_issuer_must_be_the_one_that_answers(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GERO_SIGN_IN_ISSUER", f"{provider.issuer}/")
    with pytest.raises(GeroError, match="calls itself"):
        identity.begin(REDIRECT)


def test_an_issuer_over_plain_http_is_refused_where_this_machine_may_not_be_called(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GERO_PRIVATE_NETWORKS", "")
    with pytest.raises(GeroError, match="is not an https address") as refused:
        identity.begin(REDIRECT)
    assert refused.value.code == "misconfigured"


def test_people_are_signed_out_at_the_provider_too(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    there = identity.sign_out_url("http://127.0.0.1:4700/sign-in")
    assert there
    assert httpx.get(there).headers["location"] == "http://127.0.0.1:4700/sign-in"
    monkeypatch.setenv("GERO_SIGN_IN_DOMAIN", "gero.auth.eu-west-1.amazoncognito.com")
    cognito = identity.sign_out_url("https://gero.example/sign-in")
    assert cognito == (
        "https://gero.auth.eu-west-1.amazoncognito.com/logout"
        f"?client_id={CLIENT_ID}&logout_uri=https%3A%2F%2Fgero.example%2Fsign-in"
    )


def test_a_password_is_changed_at_the_provider(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    assert identity.password_url() == f"{provider.issuer}/password"
    monkeypatch.setenv("GERO_SIGN_IN_DOMAIN", "gero.auth.eu-west-1.amazoncognito.com")
    cognito = identity.password_url("https://gero.example/sign-in/callback")
    assert cognito
    assert cognito.startswith(f"https://gero.auth.eu-west-1.amazoncognito.com/forgotPassword?client_id={CLIENT_ID}&")


def test_a_deployment_without_a_provider_has_no_sign_in_by_person(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GERO_SIGN_IN_ISSUER", "GERO_SIGN_IN_CLIENT_ID", "GERO_SIGN_IN_DOMAIN"):
        monkeypatch.delenv(name, raising=False)
    assert not identity.configured()
    assert identity.sign_out_url("https://gero.example/sign-in") is None
    with pytest.raises(GeroError, match="sign in with a workspace token"):
        identity.begin(REDIRECT)


def test_an_api_request_does_not_pay_for_signing_in() -> None:
    said = "import sys, functions.api.console.identity; print({'authlib', 'joserfc', 'httpx'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
