"""From what a client says of a model to the endpoint that is called: its secret sealed, its prices known."""

import difflib
from urllib.parse import urlsplit

from msgspec.structs import replace

from gero import access
from gero.kit import Conflict, Invalid, UpstreamFailed, money, settings
from gero.models.inputs import EndpointInput
from gero.providers import Endpoint, catalogue, seal_secret

_CHAT_PATH = "/chat/completions"
_SERVICES = {"openrouter": "OpenRouter", "huggingface": "Hugging Face"}


def endpoint_of(wanted: EndpointInput, workspace_id: str, owner: str) -> Endpoint:
    """The endpoint that a client describes; its secret is sealed for `owner`, the id of what it belongs to.

    Conflict when the platform needs an integration that the workspace has not connected; Invalid when OpenRouter does
    not know the model.
    """
    if wanted.platform == "openrouter":
        made = _openrouter(wanted, workspace_id)
    elif wanted.platform == "huggingface":
        made = _hugging_face(wanted, workspace_id)
    else:
        made = Endpoint("custom", str(wanted.endpoint_url), auth_header_name=wanted.auth_header_name)
    secret, prices = wanted.auth_token, _prices(wanted)
    return replace(
        made,
        model=wanted.model,
        provider=wanted.provider,
        quantization=wanted.quantization,
        auth_method=wanted.method,
        sealed_secret=seal_secret(workspace_id, owner, secret) if secret else None,
        secret_owner=owner,
        parameters=wanted.parameters,
        timeout_seconds=wanted.timeout_seconds,
        input_nanos_per_million=prices.get("input", made.input_nanos_per_million),
        output_nanos_per_million=prices.get("output", made.output_nanos_per_million),
    )


def check_connected(workspace_id: str, endpoint: Endpoint) -> None:
    """Conflict when the endpoint is called with a token of the workspace that it no longer has."""
    if endpoint.integration and not access.integrations.is_connected(workspace_id, endpoint.integration):
        service = _SERVICES[endpoint.integration]
        raise Conflict(
            f"{service} is not connected; connect it (gero integration connect {endpoint.integration})",
            code="integration_missing",
            integration=endpoint.integration,
        )


def _openrouter(wanted: EndpointInput, workspace_id: str) -> Endpoint:
    made = Endpoint("openrouter", settings.openrouter_base_url() + _CHAT_PATH, integration="openrouter")
    check_connected(workspace_id, made)
    offer = _offer(str(wanted.model))
    if wanted.provider or wanted.quantization:
        _check_pin(wanted, workspace_id)
    return replace(
        made,
        input_nanos_per_million=offer.input_nanos_per_million,
        output_nanos_per_million=offer.output_nanos_per_million,
    )


def _offer(model: str) -> catalogue.Offer:
    known = catalogue.load()
    offer = known.find(model)
    if offer is None:
        similar = difflib.get_close_matches(model, [one.id for one in known.offers], n=3)
        hint = f"did you mean {' or '.join(similar)}?" if similar else "gero base-model list shows what it has"
        raise Invalid(f"model: OpenRouter has no model {model!r}; {hint}", field="model", code="unknown_model")
    if offer.output_modalities and "text" not in offer.output_modalities:
        raise Invalid(f"model: {model} does not answer with text", field="model")
    return offer


def _check_pin(wanted: EndpointInput, workspace_id: str) -> None:
    """Invalid when OpenRouter tells the model's providers and none of them is the one wanted."""
    try:
        token = access.integrations.token_of(workspace_id, "openrouter")
        found = catalogue.provider_endpoints(str(wanted.model), token or "", seconds=4)
    except UpstreamFailed:  # it will be seen when the model is called
        return
    tags = sorted({one.tag for one in found})
    own = [one for one in found if wanted.provider in (None, one.tag, one.tag.split("/")[0])]
    if tags and not own:
        raise Invalid(f"provider: {wanted.model} is served by {', '.join(tags)}", field="provider")
    levels = sorted({str(one.quantization) for one in own})
    if own and wanted.quantization and wanted.quantization not in levels:
        raise Invalid(f"quantization: {wanted.model} is served as {', '.join(levels)} there", field="quantization")


def _hugging_face(wanted: EndpointInput, workspace_id: str) -> Endpoint:
    if wanted.endpoint_url is None:
        made = Endpoint("huggingface", settings.hugging_face_router_url() + _CHAT_PATH, integration="huggingface")
        if wanted.auth_token:
            return replace(made, integration=None)
        check_connected(workspace_id, made)
        return made
    # Anybody can rent an inference endpoint and read what is sent to it: it gets the token that was given for it, not
    # the workspace's.
    parts = urlsplit(wanted.endpoint_url)
    path = parts.path.rstrip("/") or f"/v1{_CHAT_PATH}"
    return Endpoint("huggingface", parts._replace(path=path).geturl())


def _prices(wanted: EndpointInput) -> dict[str, int]:
    """The prices that the client gave, in nano-dollars per million tokens."""
    given = {"input": wanted.input_cost_per_million_usd, "output": wanted.output_cost_per_million_usd}
    return {name: money.to_nanos(usd) for name, usd in given.items() if usd is not None}
