"""The identity provider that the deployment names: what it says of itself, and the connection to it."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gero.kit import GeroError, Invalid, UpstreamFailed, address, http

if TYPE_CHECKING:
    import httpx

ISSUER, CLIENT_ID, DOMAIN = "GERO_SIGN_IN_ISSUER", "GERO_SIGN_IN_CLIENT_ID", "GERO_SIGN_IN_DOMAIN"
_FIELD = "sign-in"
_SECONDS = 5.0  # for all calls of one step together: somebody waits
_KEPT_SECONDS = 3600.0
_documents: dict[str, tuple[float, dict[str, Any]]] = {}  # by URL: when it was fetched, and what it says


@dataclass(frozen=True)
class Provider:
    """The provider, and what its discovery document says."""

    issuer: str
    client_id: str
    document: Mapping[str, Any]

    def endpoint(self, name: str) -> str:
        """An address of the document, such as "token_endpoint". UpstreamFailed when it is missing or not safe."""
        url = self.document.get(name)
        if not isinstance(url, str) or not _is_safe(url):
            raise UpstreamFailed(f"the sign-in server names no https {name}; tell whoever runs this Gero")
        return url

    def keys(self, *, anew: bool = False) -> Any:
        """The JWK set that its tokens are signed with; `anew`: not the one of the last hour."""
        return _fetched(self.endpoint("jwks_uri"), anew=anew)


def configured() -> bool:
    """Whether the deployment names a provider."""
    return bool(os.environ.get(ISSUER) and os.environ.get(CLIENT_ID))


def found() -> Provider:
    """The deployment's provider. UpstreamFailed when it does not answer, GeroError when it is named wrongly."""
    issuer, client_id = os.environ.get(ISSUER), os.environ.get(CLIENT_ID)
    if not issuer or not client_id:
        raise GeroError("this Gero has no sign-in by e-mail; sign in with a workspace token", code="misconfigured")
    if not _is_safe(issuer):
        raise GeroError(f"{ISSUER}: {issuer} is not an https address", code="misconfigured")
    document = _fetched(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if document.get("issuer") != issuer:
        raise GeroError(f"{ISSUER} is {issuer}, which calls itself {document.get('issuer')}", code="misconfigured")
    return Provider(issuer, client_id, document)


@contextmanager
def connection() -> Iterator["httpx.Client"]:
    """A client for the provider. What goes wrong on the way is UpstreamFailed, told without a field."""
    issuer = os.environ[ISSUER]
    try:
        with http.failures(_FIELD, "the sign-in server"), http.client(_FIELD, seconds=_SECONDS, trusted=issuer) as made:
            yield made
    except GeroError as error:
        if error.details.get("field") != _FIELD:
            raise
        raise UpstreamFailed(error.message.removeprefix(f"{_FIELD}: "), code=error.code) from error


def document_of(response: "httpx.Response") -> dict[str, Any]:
    """The JSON object of an answer. UpstreamFailed when it is something else."""
    try:
        document = response.json() if response.status_code == 200 else None
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise UpstreamFailed(f"the sign-in server answered with {response.status_code} and no document; try again")
    return document


def forget() -> None:
    """Drop what was fetched; for tests."""
    _documents.clear()


def _fetched(url: str, *, anew: bool = False) -> dict[str, Any]:
    at, document = _documents.get(url, (0.0, None))
    if document is not None and not anew and time.monotonic() - at < _KEPT_SECONDS:
        return document
    with connection() as client:
        document = document_of(client.get(url, headers={"accept": "application/json"}))
    _documents[url] = time.monotonic(), document
    return document


def _is_safe(url: str) -> bool:
    """Whether it is https; or where the deployment allows it, http on a private network."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname)
    try:
        address.check_url(url, _FIELD)
    except Invalid:
        return False
    return True
