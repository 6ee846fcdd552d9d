"""How a model is reached: address, authentication, parameters, prices. The same record serves runs and inference."""

import hashlib
import re
from typing import Any

import msgspec

from gero import access
from gero.kit import Conflict, Invalid, secrets, settings

AUTH_METHODS = ("none", "bearer", "x_api_key", "x_drgero_api_key", "authorization", "custom_header")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_FORBIDDEN_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection", "content-type"})
_MAX_SECRET = 4096


class Endpoint(msgspec.Struct, frozen=True, omit_defaults=True):
    """One way to ask one model. Prices are nano-dollars per million tokens."""

    platform: str
    url: str
    model: str | None = None
    auth_method: str = "none"
    auth_header_name: str | None = None
    sealed_secret: str | None = None
    secret_owner: str = ""
    parameters: dict[str, Any] = {}
    input_nanos_per_million: int = 0
    output_nanos_per_million: int = 0
    timeout_seconds: int = 60
    integration: str | None = None
    """Whose token of the workspace it is called with: as it is at the time of the call, so that it can be replaced."""
    provider: str | None = None
    """On OpenRouter and the Hugging Face router: the only provider that may answer."""
    quantization: str | None = None
    preamble: tuple[dict[str, Any], ...] = ()
    """Messages in front of the question: the system prompt and the examples of a Dr.Gero model."""
    version: int | None = None
    """The version of the Dr.Gero model that this is."""

    @property
    def address(self) -> str:
        """A short name for whom is asked: what its limits are counted for."""
        asked = f"{self.url}\0{self.model}\0{self.provider}\0{self.quantization}"
        return hashlib.blake2b(asked.encode(), digest_size=8).hexdigest()

    @property
    def sleeps(self) -> bool:
        """Whether it is an inference endpoint of Hugging Face: those can be paused, or scaled to zero and woken."""
        return self.platform == "huggingface" and not self.url.startswith(settings.hugging_face_router_url())

    def headers(self, workspace_id: str) -> dict[str, str]:
        """The request headers, with the secret opened. Blocking: it may read the table and call KMS.

        Conflict when the workspace has no token of the integration that the endpoint is called with.
        """
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.integration:
            token = access.integrations.token_of(workspace_id, self.integration)
            if token is None:
                raise Conflict(
                    f"{self.integration} is not connected; connect it (gero integration connect {self.integration})",
                    code="integration_missing",
                )
            return headers | _auth_header("bearer", None, token)
        if self.sealed_secret is None:
            return headers
        return headers | _auth_header(self.auth_method, self.auth_header_name, self.secret(workspace_id))

    def secret(self, workspace_id: str) -> str:
        """The endpoint's own secret, opened, where it has one. Blocking: it may call KMS."""
        return secrets.unseal(str(self.sealed_secret), secret_context(workspace_id, self.secret_owner))


def secret_context(workspace_id: str, owner: str) -> dict[str, str]:
    """What a sealed endpoint secret is bound to."""
    return {"workspace_id": workspace_id, "owner": owner}


def seal_secret(workspace_id: str, owner: str, secret: str) -> str:
    """Seal an endpoint's secret for its owner (the candidate's id)."""
    return secrets.seal(secret, secret_context(workspace_id, owner))


def check_auth(method: str, header_name: str | None, secret: str | None) -> None:
    """Invalid unless method, header name and secret fit together and can travel in a header."""
    if method not in AUTH_METHODS:
        raise Invalid(f"auth_method: use one of {', '.join(AUTH_METHODS)}", field="auth_method")
    if method != "none" and not secret:
        raise Invalid(f"auth_token: {method} needs a token", field="auth_token")
    if method == "none" and secret:
        raise Invalid("auth_method: a token was given but no method; use bearer if unsure", field="auth_method")
    if secret and (
        len(secret) > _MAX_SECRET or not secret.isascii() or not secret.isprintable() or secret != secret.strip()
    ):
        raise Invalid(
            "auth_token: only printable ASCII without spaces around it, at most 4096 characters", field="auth_token"
        )
    if method == "custom_header":
        _check_header_name(header_name)


def _check_header_name(name: str | None) -> None:
    if not name or not _HEADER_NAME.fullmatch(name) or name.lower() in _FORBIDDEN_HEADERS:
        raise Invalid("auth_header_name: custom_header needs the name of a header to send", field="auth_header_name")


def _auth_header(method: str, header_name: str | None, secret: str) -> dict[str, str]:
    match method:
        case "bearer":
            return {"Authorization": f"Bearer {secret}"}
        case "x_api_key":
            return {"X-API-Key": secret}
        case "x_drgero_api_key":
            return {"X-Dr.Gero-API-Key": secret}
        case "authorization":
            return {"Authorization": secret}
        case "custom_header":
            return {str(header_name): secret}
    return {}
