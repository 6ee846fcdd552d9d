"""API tokens of the workspace."""

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from functions.api.caller import SCHEMES, Admin
from functions.api.views import TokenView
from gero import access
from gero.access import Token
from gero.kit import Forbidden

router = APIRouter(prefix="/api/tokens", tags=["tokens"], dependencies=SCHEMES)


class TokenInput(BaseModel):
    """A token to create. No scope means no access."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=200)
    scopes: list[str] = Field(default_factory=list, max_length=50)
    expires_in: str | None = None


class TokenList(BaseModel):
    """All tokens of the workspace, oldest first."""

    tokens: list[TokenView]
    count: int


@router.get("")
def list_tokens(caller: Admin) -> TokenList:
    """The workspace's tokens, without their secrets."""
    found = [_view(token) for token in access.tokens.listed(caller.workspace_id)]
    return TokenList(tokens=found, count=len(found))


@router.post("", status_code=201)
def create_token(caller: Admin, wanted: TokenInput) -> TokenView:
    """Create a token. Its secret is in this answer and nowhere else."""
    if not access.scopes.narrower(wanted.scopes, caller.scopes):
        raise Forbidden("scopes: a token cannot be given more than the token that creates it has")
    token, secret = access.tokens.create(caller.workspace_id, wanted.name, wanted.scopes, wanted.expires_in)
    return _view(token, secret)


@router.post("/{token_id}/revoke")
def revoke_token(caller: Admin, token_id: str) -> TokenView:
    """Disable a token: at once here, within five seconds for inference. Its record stays."""
    return _view(access.tokens.revoke(caller.workspace_id, token_id))


@router.delete("/{token_id}", status_code=204)
def delete_token(caller: Admin, token_id: str) -> Response:
    """Drop a token; it stops working."""
    access.tokens.delete(caller.workspace_id, token_id)
    return Response(status_code=204)


def _view(token: Token, secret: str | None = None) -> TokenView:
    return TokenView(
        id=token.id,
        name=token.name,
        scopes=list(token.scopes),
        created_at=token.created_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
        secret=secret,
    )
