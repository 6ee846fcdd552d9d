"""The caller's workspace."""

from typing import Any

from fastapi import APIRouter

from functions.api.caller import SCHEMES, Reader
from gero import access
from gero.kit import NotFound

router = APIRouter(prefix="/api/workspace", tags=["workspace"], dependencies=SCHEMES)


@router.get("")
def read(caller: Reader) -> dict[str, Any]:
    """The workspace that the token belongs to, and what the token may do."""
    workspace = access.workspaces.get(caller.workspace_id)
    if workspace is None:
        raise NotFound("this workspace is gone")
    return {
        "id": workspace.id,
        "name": workspace.name,
        "plan": workspace.plan,
        "created_at": workspace.created_at,
        "token": {"id": caller.token_id, "scopes": list(caller.scopes)},
    }
