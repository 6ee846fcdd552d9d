"""Settings, Integrations and Telemetry: the workspace's connections to other services."""

from typing import Any

from fastapi import Request, Response
from pydantic import ValidationError

from functions.api.console.page_router import page_router
from functions.api.console.rendering import goes_to
from functions.api.console.security import Form
from functions.api.console.settings_frame import settings_page
from functions.api.console.submitted import faults, status_of, validated
from functions.api.console.visitor import Visiting, Visitor
from functions.api.routes import integrations as api
from functions.api.routes import telemetry
from functions.api.routes.integrations import ConnectInput
from functions.api.routes.telemetry import CollectorInput, CollectorView
from gero.kit import GeroError, NotFound

router = page_router("workspace:admin")
PROVIDERS = {
    "openrouter": (
        "OpenRouter",
        "sk-or-…",
        "Calls models of OpenRouter, chooses them automatically, and judges answers. Most leaderboards need it.",
    ),
    "huggingface": ("Hugging Face", "hf_…", "Reads private and gated datasets, and calls models of Hugging Face."),
}


@router.get("/settings/integrations")
def list_integrations(request: Request, visitor: Visiting) -> Response:
    """The providers, and whose account is connected."""
    return _page(request, visitor)


@router.post("/settings/integrations/{provider}")
def connect(request: Request, visitor: Visiting, form: Form, provider: str) -> Response:
    """Keep a key once its provider has accepted it."""
    try:
        kept = api.connect(visitor.principal, provider, validated(ConnectInput, {"token": form.secret("token") or ""}))
    except (ValidationError, GeroError) as error:
        return _page(request, visitor, {provider: next(iter(faults(error).values()))}, status_of(error))
    name = PROVIDERS[kept.provider][0]
    return goes_to(request, "/settings/integrations", f"{name} is connected, as {kept.account}.")


@router.post("/settings/integrations/{provider}/disconnect")
def disconnect(request: Request, visitor: Visiting, form: Form, provider: str) -> Response:
    """Forget the workspace's key of a provider."""
    api.disconnect(visitor.principal, provider)
    return goes_to(request, "/settings/integrations", "The key is forgotten.")


@router.get("/settings/telemetry")
def read_telemetry(request: Request, visitor: Visiting) -> Response:
    """Where traces of inference are exported to."""
    return _collector(request, visitor)


@router.post("/settings/telemetry")
def set_telemetry(request: Request, visitor: Visiting, form: Form) -> Response:
    """Export traces, once the collector has taken an empty export."""
    fields = {
        "endpoint": form.text("endpoint"),
        "header_name": form.optional("header_name"),
        "header_value": form.secret("header_value"),
    }
    try:
        telemetry.set_collector(visitor.principal, validated(CollectorInput, fields))
    except (ValidationError, GeroError) as error:
        typed = {"endpoint": fields["endpoint"], "header_name": fields["header_name"]}
        return _collector(request, visitor, faults(error), status_of(error), typed)
    return goes_to(request, "/settings/telemetry", "The collector took an empty export: traces go there from now on.")


@router.post("/settings/telemetry/remove")
def remove_telemetry(request: Request, visitor: Visiting, form: Form) -> Response:
    """Export no more."""
    telemetry.remove_collector(visitor.principal)
    return goes_to(request, "/settings/telemetry", "Traces are exported no more.")


def _page(request: Request, visitor: Visitor, wrong: dict[str, str] | None = None, status: int = 200) -> Response:
    found = api.list_integrations(visitor.principal).integrations
    return settings_page(
        request,
        "settings_integrations.html",
        visitor,
        "integrations",
        status=status,
        found=found,
        providers=PROVIDERS,
        faults=wrong or {},
    )


def _collector(
    request: Request,
    visitor: Visitor,
    wrong: dict[str, str] | None = None,
    status: int = 200,
    typed: dict[str, Any] | None = None,
) -> Response:
    try:
        found: CollectorView | None = telemetry.read_collector(visitor.principal)
    except NotFound:
        found = None
    known = {"endpoint": found.endpoint, "header_name": found.header_name} if found else {}
    form = {"endpoint": "", "header_name": ""} | known | (typed or {})
    return settings_page(
        request,
        "settings_telemetry.html",
        visitor,
        "telemetry",
        status=status,
        collector=found,
        form=form,
        faults=wrong or {},
    )
