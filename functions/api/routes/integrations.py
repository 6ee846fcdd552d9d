"""The workspace's connections to other services."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from functions.api.caller import SCHEMES, Admin
from gero import access
from gero.kit import Invalid

router = APIRouter(prefix="/api/integrations", tags=["integrations"], dependencies=SCHEMES)
Secret = Annotated[SecretStr, Field(min_length=1, max_length=1000)]


class ConnectInput(BaseModel):
    """The token to keep. It is never shown again."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    token: Secret


class ValidateInput(ConnectInput):
    """A token to try, without keeping it."""

    provider: str


class IntegrationView(BaseModel):
    """A provider, and whose account is connected."""

    provider: str
    connected: bool
    account: str | None
    updated_at: str | None


class IntegrationList(BaseModel):
    """Every provider there is, connected or not."""

    integrations: list[IntegrationView]


class ValidationView(BaseModel):
    """Whether the provider accepts a token, and whose it is; otherwise why not."""

    valid: bool
    provider: str
    account: str | None = None
    error: str | None = None


@router.get("")
def list_integrations(caller: Admin) -> IntegrationList:
    """The workspace's connections, without their tokens."""
    return IntegrationList(integrations=[_view(one) for one in access.integrations.listed(caller.workspace_id)])


@router.put("/{provider}")
def connect(caller: Admin, provider: str, wanted: ConnectInput) -> IntegrationView:
    """Keep a token once the provider has accepted it, in the place of an earlier one."""
    return _view(access.integrations.connect(caller.workspace_id, provider, wanted.token.get_secret_value()))


@router.delete("/{provider}", status_code=204)
def disconnect(caller: Admin, provider: str) -> Response:
    """Forget the workspace's token."""
    access.integrations.disconnect(caller.workspace_id, provider)
    return Response(status_code=204)


@router.post("/validate")
def validate(caller: Admin, wanted: ValidateInput) -> ValidationView:
    """Ask the provider whose a token is; nothing is kept."""
    try:
        account = access.integrations.validate(wanted.provider, wanted.token.get_secret_value())
    except Invalid as error:
        if error.details.get("field") != "token":
            raise
        return ValidationView(valid=False, provider=wanted.provider, error=error.message)
    return ValidationView(valid=True, provider=wanted.provider, account=account)


def _view(one: access.integrations.Integration) -> IntegrationView:
    return IntegrationView(
        provider=one.provider, connected=one.connected, account=one.account, updated_at=one.updated_at
    )
