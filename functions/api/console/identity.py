"""Signing in at the deployment's identity provider, by OpenID Connect: an authorization code with PKCE.

Authlib and joserfc are imported when somebody signs in: the API's cold start does not pay for them.
"""

import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from functions.api.console import identity_provider
from functions.api.console.identity_provider import Provider, configured
from gero.kit import Forbidden, GeroError, Invalid, UpstreamFailed, log

if TYPE_CHECKING:
    import httpx
    from joserfc.jwt import Token

__all__ = ["Identity", "begin", "configured", "finish", "password_url", "sign_out_url"]

_SCOPE = "openid email"
_ALGORITHMS = ["RS256", "ES256"]
_LEEWAY_SECONDS = 60
_AGAIN = "sign in again"
_CLOCK = "the sign-in server's clock and ours differ; tell whoever runs this Gero"
_IN_TIME = ("exp", "nbf", "iat")  # claims that are wrong when a clock is


@dataclass(frozen=True)
class Identity:
    """Whom the provider vouches for. `subject`: what the issuer calls them, for good; `email` may change."""

    issuer: str
    subject: str
    email: str
    email_verified: bool
    name: str


def begin(redirect_uri: str) -> tuple[str, dict[str, str]]:
    """Where to send the browser, and what to keep for it, signed and for minutes, until it comes back.

    UpstreamFailed when the provider does not answer.
    """
    from authlib.oauth2.client import OAuth2Client

    provider = identity_provider.found()
    kept = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
    client = OAuth2Client(
        None, provider.client_id, scope=_SCOPE, redirect_uri=redirect_uri, code_challenge_method="S256"
    )
    url, _ = client.create_authorization_url(
        provider.endpoint("authorization_endpoint"), kept["state"], kept["verifier"], nonce=kept["nonce"]
    )
    return str(url), kept


def finish(kept: Mapping[str, Any], query: Mapping[str, str], redirect_uri: str) -> Identity:
    """Who came back: `query` is what the provider sent with the browser, `kept` what `begin` gave.

    Forbidden when they were refused there, Invalid when this is not the end of what was begun, UpstreamFailed when the
    provider does not answer or its ID token is not good.
    """
    state = str(kept.get("state", ""))
    if not state or not hmac.compare_digest(query.get("state", "").encode(), state.encode()):
        raise Invalid(f"this is not the sign-in that was begun last in this browser; {_AGAIN}", code="sign_in_state")
    provider = identity_provider.found()
    if query.get("iss", provider.issuer) != provider.issuer:
        raise Invalid(f"another server than ours answered this sign-in; {_AGAIN}", code="sign_in_issuer")
    if "error" in query:
        raise _refused(query["error"])
    with identity_provider.connection() as connection:
        token = _redeemed(connection, provider, query.get("code", ""), str(kept.get("verifier", "")), redirect_uri)
        claims = _checked(provider, token, str(kept.get("nonce", "")))
        if "email" not in claims and "userinfo_endpoint" in provider.document:
            claims = _told(connection, provider, token, claims)
    return Identity(
        issuer=provider.issuer,
        subject=str(claims["sub"]),
        email=str(claims.get("email") or ""),
        email_verified=claims.get("email_verified") in (True, "true"),  # some providers write it as a text
        name=str(claims.get("name") or ""),
    )


def sign_out_url(return_to: str) -> str | None:
    """Where a browser ends its session at the provider and comes back; None when the provider has no such page."""
    domain, client_id = os.environ.get(identity_provider.DOMAIN), os.environ.get(identity_provider.CLIENT_ID)
    if domain:
        return f"https://{domain}/logout?{urlencode({'client_id': client_id, 'logout_uri': return_to})}"
    try:
        page = identity_provider.found().endpoint("end_session_endpoint")
    except GeroError as error:  # who signs out here is signed out here, whatever the provider does
        log.warning("sign_in.no_end_of_session", code=error.code)
        return None
    return f"{page}?{urlencode({'client_id': client_id, 'post_logout_redirect_uri': return_to})}"


def password_url(redirect_uri: str | None = None) -> str | None:
    """Where a person changes the password; None when the provider has no such page that is known.

    `redirect_uri`: that of the sign-in, which Cognito wants to know.
    """
    domain, client_id = os.environ.get(identity_provider.DOMAIN), os.environ.get(identity_provider.CLIENT_ID)
    if domain:
        asked = {"client_id": client_id, "response_type": "code", "scope": _SCOPE, "redirect_uri": redirect_uri}
        return f"https://{domain}/forgotPassword?{urlencode(asked)}" if redirect_uri else None
    try:
        return identity_provider.found().endpoint("change_password_url")
    except GeroError:
        return None


def _refused(error: str) -> GeroError:
    if error == "access_denied":
        return Forbidden(f"the sign-in was cancelled or not allowed; {_AGAIN}", code="sign_in_denied")
    log.warning("sign_in.refused", reason=error[:64])
    return UpstreamFailed(f"the sign-in server could not sign you in; {_AGAIN}", code="sign_in_refused")


def _redeemed(
    connection: "httpx.Client", provider: Provider, code: str, verifier: str, redirect_uri: str
) -> Mapping[str, Any]:
    """The tokens that the provider gives for a code."""
    import httpx
    from authlib.oauth2.base import OAuth2Error
    from authlib.oauth2.client import OAuth2Client

    asked = {"code": code, "code_verifier": verifier, "client_id": provider.client_id, "redirect_uri": redirect_uri}
    try:
        token: Mapping[str, Any] = OAuth2Client(connection, provider.client_id).fetch_token(
            provider.endpoint("token_endpoint"), grant_type="authorization_code", auth=httpx.Auth(), **asked
        )
    except OAuth2Error as error:
        log.warning("sign_in.code_refused", reason=str(error.error)[:64])
        raise Invalid(f"this sign-in was used already or took too long; {_AGAIN}", code="sign_in_code") from error
    except ValueError as error:
        raise UpstreamFailed("the sign-in server answered with no token; try again") from error
    return token


def _checked(provider: Provider, token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
    """The claims of an ID token that the provider signed for us, for this sign-in, and that is still good."""
    from authlib.oidc.core import CodeIDToken
    from joserfc.errors import JoseError

    expected = {
        "iss": {"essential": True, "value": provider.issuer},
        "aud": {"essential": True, "value": provider.client_id},
        "sub": {"essential": True},
        "nonce": {"essential": True, "value": nonce},
    }
    known = {"nonce": nonce, "client_id": provider.client_id, "access_token": token.get("access_token")}
    try:
        read = _read(provider, token.get("id_token"))
        claims = CodeIDToken(read.claims, read.header, expected, known)
        claims.validate(leeway=_LEEWAY_SECONDS)
    except (JoseError, ValueError, KeyError, TypeError) as error:  # the last three: of a JWK set that is none
        raise _not_good(error) from error
    return dict(claims)


def _read(provider: Provider, text: Any) -> "Token":
    """An ID token whose signature is the provider's. JoseError or ValueError when it is not."""
    from joserfc import jwt
    from joserfc.errors import BadSignatureError, InvalidKeyIdError
    from joserfc.jwk import KeySet

    if not isinstance(text, str):
        raise ValueError("no ID token")
    try:
        return jwt.decode(text, KeySet.import_key_set(provider.keys()), _ALGORITHMS)
    except (InvalidKeyIdError, BadSignatureError):  # it may have changed its keys within the hour
        return jwt.decode(text, KeySet.import_key_set(provider.keys(anew=True)), _ALGORITHMS)


def _not_good(error: Exception) -> UpstreamFailed:
    from joserfc.errors import ClaimError

    claim = error.claim if isinstance(error, ClaimError) else None
    log.warning("sign_in.token_not_good", reason=type(error).__name__, claim=claim)
    told = _CLOCK if claim in _IN_TIME else f"the sign-in server sent an ID token that is not good for us; {_AGAIN}"
    return UpstreamFailed(told, code="sign_in_token")


def _told(
    connection: "httpx.Client", provider: Provider, token: Mapping[str, Any], claims: dict[str, Any]
) -> dict[str, Any]:
    """The claims with what the provider tells only when it is asked, as the standard has it for e-mail addresses."""
    headers = {"authorization": f"Bearer {token.get('access_token')}", "accept": "application/json"}
    answer = identity_provider.document_of(connection.get(provider.endpoint("userinfo_endpoint"), headers=headers))
    if answer.get("sub") != claims["sub"]:
        raise UpstreamFailed(f"the sign-in server told of somebody else; {_AGAIN}", code="sign_in_token")
    return {**claims, **{name: answer.get(name) for name in ("email", "email_verified", "name")}}
