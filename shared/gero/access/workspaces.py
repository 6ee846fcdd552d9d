"""Workspaces: the business accounts that own everything else."""

import msgspec

from gero.access import tokens
from gero.kit import clock, conditions, new_id, table


class Workspace(msgspec.Struct, frozen=True):
    """A workspace as stored."""

    id: str
    name: str
    created_at: str
    plan: str = "free"


def create(name: str) -> tuple[Workspace, str]:
    """A new workspace and the secret text of its first token, which may do everything in it."""
    workspace = Workspace(id=new_id(), name=name, created_at=clock.iso())
    item = {"pk": f"WS#{workspace.id}", "sk": "WORKSPACE", "doc": msgspec.json.encode(workspace).decode()}
    table.put(item, conditions.absent())
    _, secret = tokens.create(workspace.id, "bootstrap", ["*"])
    return workspace, secret


def get(workspace_id: str) -> Workspace | None:
    """The workspace, or None."""
    item = table.get(f"WS#{workspace_id}", "WORKSPACE")
    return msgspec.json.decode(item["doc"], type=Workspace) if item else None
