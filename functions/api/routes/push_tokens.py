"""Push tokens of a PUSH leaderboard: secrets that may add rows to it, and nothing else."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response
from pydantic import BaseModel, Field

from functions.api.caller import SCHEMES, Writer
from gero import leaderboards
from gero.access import push_tokens
from gero.models import Input

router = APIRouter(tags=["push tokens"], dependencies=SCHEMES)
_V1 = "/v1/leaderboard/{leaderboard_id}/dataset"
_ALIAS = "/api/leaderboards/{leaderboard_id}/dataset"


class PushTokenInput(Input):
    """A push token to create."""

    name: str = Field("push token", min_length=1, max_length=200)
    expires_in: str | None = None


class RotationInput(Input):
    """How long the old secret works beside the new one."""

    grace_seconds: int = Field(0, ge=0, le=int(push_tokens.MAX_GRACE.total_seconds()))


class PushTokenView(BaseModel):
    """A push token; `secret` and `example` are there only in the answer that made the secret."""

    id: str
    name: str
    last_four: str
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    rotated_at: str | None
    push_url: str
    secret: str | None = None
    example: str | None = None


class PushTokenList(BaseModel):
    """All push tokens of a leaderboard, oldest first."""

    tokens: list[PushTokenView]
    count: int


@router.post(f"{_V1}/token", status_code=201)
@router.post(f"{_ALIAS}/token", status_code=201, include_in_schema=False)
def create_push_token(
    request: Request, caller: Writer, leaderboard_id: str, wanted: Annotated[PushTokenInput | None, Body()] = None
) -> PushTokenView:
    """Create a push token. Its secret is in this answer and nowhere else."""
    _check(caller, leaderboard_id)
    wanted = wanted or PushTokenInput()
    token, secret = push_tokens.create(caller.workspace_id, leaderboard_id, wanted.name, wanted.expires_in)
    return _view(token, request, secret)


@router.get(f"{_V1}/tokens")
@router.get(f"{_ALIAS}/tokens", include_in_schema=False)
def list_push_tokens(request: Request, caller: Writer, leaderboard_id: str) -> PushTokenList:
    """The push tokens, without their secrets."""
    _check(caller, leaderboard_id)
    found = [_view(token, request) for token in push_tokens.listed(caller.workspace_id, leaderboard_id)]
    return PushTokenList(tokens=found, count=len(found))


@router.post(f"{_V1}/tokens/{{token_id}}/rotate")
@router.post(f"{_ALIAS}/tokens/{{token_id}}/rotate", include_in_schema=False)
def rotate_push_token(
    request: Request,
    caller: Writer,
    leaderboard_id: str,
    token_id: str,
    wanted: Annotated[RotationInput | None, Body()] = None,
) -> PushTokenView:
    """A new secret for a token; the old one works on for `grace_seconds`."""
    grace = timedelta(seconds=wanted.grace_seconds if wanted else 0)
    token, secret = push_tokens.rotate(caller.workspace_id, leaderboard_id, token_id, grace)
    return _view(token, request, secret)


@router.post(f"{_V1}/tokens/{{token_id}}/revoke")
@router.post(f"{_ALIAS}/tokens/{{token_id}}/revoke", include_in_schema=False)
def revoke_push_token(request: Request, caller: Writer, leaderboard_id: str, token_id: str) -> PushTokenView:
    """Disable a token at once. Its record stays."""
    return _view(push_tokens.revoke(caller.workspace_id, leaderboard_id, token_id), request)


@router.delete(f"{_V1}/tokens/{{token_id}}", status_code=204)
@router.delete(f"{_ALIAS}/tokens/{{token_id}}", status_code=204, include_in_schema=False)
def delete_push_token(caller: Writer, leaderboard_id: str, token_id: str) -> Response:
    """Drop a token; it stops working."""
    push_tokens.delete(caller.workspace_id, leaderboard_id, token_id)
    return Response(status_code=204)


def _check(caller: Writer, leaderboard_id: str) -> None:
    leaderboards.check_takes_rows(leaderboards.get(caller.workspace_id, leaderboard_id))


def _view(token: push_tokens.PushToken, request: Request, secret: str | None = None) -> PushTokenView:
    push_url = f"{str(request.base_url).rstrip('/')}/v1/leaderboard/{token.leaderboard_id}/dataset/push"
    shown: dict[str, Any] = {name: getattr(token, name) for name in PushTokenView.model_fields if hasattr(token, name)}
    example = (
        f"curl {push_url} -H 'X-Dr.Gero-Push-Token: {secret}' -H 'Content-Type: application/json' "
        """-d '{"rows": [{"id": "example-1", "input": "What was asked", "output": "The right answer"}]}'"""
    )
    return PushTokenView(**shown, push_url=push_url, secret=secret, example=example if secret else None)
