"""Workspaces: the business accounts that own everything else."""

from collections.abc import Callable, Iterator
from typing import Final

from msgspec.structs import replace

from gero.access import membership_store, plans, tokens, workspace_store
from gero.access.workspace_store import Workspace, opening
from gero.kit import Conflict, Invalid, NotFound, clock, new_id, table

__all__ = ["Workspace", "create", "get", "listed", "opening", "rename", "set_plan"]
_MAX_NAME: Final = 200
_TRIES: Final = 5


def create(name: str, plan: str = plans.OF_OPERATORS) -> tuple[Workspace, str]:
    """A new workspace and the secret text of its first token, which may do everything in it.

    That token is the operator's word: it has no budget, whatever the plan asks of others. Invalid names the field.
    """
    workspace = Workspace(new_id(), checked_name(name), clock.iso(), plans.named(plan).name)
    table.transact(opening(workspace))
    _, secret = tokens.create(workspace.id, "bootstrap", ["*"], by_operator=True)
    return workspace, secret


def get(workspace_id: str) -> Workspace | None:
    """The workspace, or None."""
    return workspace_store.read(workspace_id)


def listed() -> Iterator[Workspace]:
    """All workspaces of the deployment, oldest first. One made before they were listed is there once it is changed."""
    return workspace_store.listed()


def set_plan(workspace_id: str, plan: str) -> Workspace:
    """Give a workspace another plan. It holds for what is made and changed from now on; nothing is taken away.

    NotFound without a workspace, Invalid without a plan of that name.
    """
    name = plans.named(plan).name
    return _change(workspace_id, lambda old: replace(old, plan=name))


def rename(workspace_id: str, name: str) -> Workspace:
    """Give a workspace another name, for its members too. NotFound without one, Invalid when it is no name."""
    name = checked_name(name)
    renamed = _change(workspace_id, lambda old: replace(old, name=name))
    membership_store.follow_name(workspace_id, name)
    return renamed


def _change(workspace_id: str, change: Callable[[Workspace], Workspace]) -> Workspace:
    """What the change makes of a workspace, whatever others do to it meanwhile."""
    for _ in range(_TRIES):
        old = workspace_store.read(workspace_id, consistent=True)
        if old is None:
            raise NotFound(f"there is no workspace {workspace_id}")
        new = change(old)
        try:
            table.transact(workspace_store.changing(old, new))
        except Conflict as error:
            conflict = error
            continue
        return new
    raise conflict


def checked_name(name: str) -> str:
    """A workspace's name as it is stored. Invalid when it is empty or too long."""
    name = name.strip()
    if not 0 < len(name) <= _MAX_NAME:
        raise Invalid(f"name: from 1 to {_MAX_NAME} characters", field="name")
    return name
