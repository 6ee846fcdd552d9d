"""The caller's workspace."""

from fastapi import APIRouter
from msgspec import structs
from pydantic import BaseModel

from functions.api.caller import SCHEMES, Reader
from gero import access, leaderboards
from gero.kit import NotFound

router = APIRouter(prefix="/api/workspace", tags=["workspace"], dependencies=SCHEMES)
_COUNTED = "leaderboards"


class CallerView(BaseModel):
    """The token that asks, and what it may do."""

    id: str
    scopes: list[str]


class LimitView(BaseModel):
    """A limit of the plan: `allowed` in words, and as a `value` (null: no limit); `used` where it is counted."""

    name: str
    title: str
    allowed: str
    value: bool | int | float | None
    used: int | None


class WorkspaceView(BaseModel):
    """A workspace and its plan. What is above a limit is refused with 402 and the code `plan_limit`."""

    id: str
    name: str
    created_at: str
    plan: str
    plan_title: str
    plan_description: str
    limits: list[LimitView]
    token: CallerView


@router.get("")
def read(caller: Reader) -> WorkspaceView:
    """The workspace that the token belongs to, its plan and what of it is used, and what the token may do."""
    workspace = access.workspaces.get(caller.workspace_id)
    if workspace is None:
        raise NotFound("this workspace is gone")
    plan = access.plans.PLANS[workspace.plan]
    used = {_COUNTED: leaderboards.count(workspace.id)}
    return WorkspaceView(
        id=workspace.id,
        name=workspace.name,
        created_at=workspace.created_at,
        plan=plan.name,
        plan_title=plan.title,
        plan_description=plan.description,
        limits=[LimitView(**structs.asdict(one), used=used.get(one.name)) for one in plan.limits()],
        token=CallerView(id=caller.token_id, scopes=list(caller.scopes)),
    )
