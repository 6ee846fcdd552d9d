"""The base endpoint of a model, with its secret sealed for the model; a version keeps the secret of the one before."""

from urllib.parse import urlsplit

from msgspec.structs import replace

from gero.kit import Invalid, settings
from gero.models.endpoints import endpoint_of
from gero.models.inputs import EndpointInput
from gero.providers import Endpoint, check_auth, seal_secret

_CHAT_PATH = "/chat/completions"
_PORTS = {"http": 80, "https": 443}


def made(wanted: EndpointInput, workspace_id: str, model_id: str, before: Endpoint | None = None) -> Endpoint:
    """The endpoint that a body describes. A token that it leaves out is that of `before`, the latest version's base,
    as long as it goes to the same server.

    Invalid when it would go to another one, or under a header that cannot be sent; otherwise as `endpoint_of`.
    """
    if before and before.sealed_secret and wanted.auth_method is None and wanted.auth_token is None:
        wanted = _with_earlier_secret(wanted, workspace_id, before)
    return endpoint_of(wanted, workspace_id, model_id)


def owned(endpoint: Endpoint, workspace_id: str, model_id: str) -> Endpoint:
    """An endpoint of somebody else (a candidate) as the base of a model: its secret sealed anew, for the model."""
    if endpoint.sealed_secret is None:
        return replace(endpoint, secret_owner=model_id)
    sealed = seal_secret(workspace_id, model_id, endpoint.secret(workspace_id))
    return replace(endpoint, secret_owner=model_id, sealed_secret=sealed)


def same_server(url: str, other: str) -> bool:
    """Whether two addresses lead to the same server: scheme, host and port."""
    return _origin(url) == _origin(other)


def api_root(endpoint: Endpoint) -> str:
    """Where the rest of the OpenAI API lies that an endpoint belongs to. Invalid when it speaks no such API."""
    url = endpoint.url.split("?")[0].rstrip("/")
    if endpoint.platform != "custom" or not url.endswith(_CHAT_PATH):
        raise Invalid(
            "base: fine-tuning needs a custom endpoint that speaks OpenAI's API, with an address that ends in "
            f"{_CHAT_PATH}",
            field="base",
            code="not_tunable",
        )
    return url.removesuffix(_CHAT_PATH)


def _with_earlier_secret(wanted: EndpointInput, workspace_id: str, before: Endpoint) -> EndpointInput:
    if wanted.platform == "openrouter":
        return wanted  # called with the workspace's own key
    if not same_server(wanted.endpoint_url or settings.hugging_face_router_url(), before.url):
        raise Invalid(
            "base.auth_token: the address changed, and the token of the old one is not sent to the new one; give a "
            "token, or auth_method none",
            field="base.auth_token",
        )
    token, method, header = before.secret(workspace_id), before.auth_method, wanted.auth_header_name
    if method == "custom_header":
        _check_header_of(wanted)
        header = header or before.auth_header_name
    try:
        check_auth(method, header, token)  # a copy is not validated, and the body was when it had no token
    except Invalid as error:
        raise Invalid(f"base.{error.message}", field=f"base.{error.details.get('field')}") from error
    return wanted.model_copy(update={"auth_token": token, "auth_method": method, "auth_header_name": header})


def _check_header_of(wanted: EndpointInput) -> None:
    if wanted.platform != "custom":
        raise Invalid(
            f"base.auth_token: the earlier token goes under a header of its own, and platform {wanted.platform} has "
            "none; give a token, or auth_method none",
            field="base.auth_token",
        )


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
