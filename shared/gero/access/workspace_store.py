"""The items of a workspace: `WS#w`, `WORKSPACE` is it; `WORKSPACES`, `w` mirrors it, so that an operator finds it.

They change together, in one transaction.
"""

from collections.abc import Iterator

import msgspec

from gero.kit import conditions, table
from gero.kit.conditions import Condition
from gero.kit.table import Write

_ALL = "WORKSPACES"


class Workspace(msgspec.Struct, frozen=True):
    """A workspace as stored. `plan`: a name of `gero.access.plans.PLANS`."""

    id: str
    name: str
    created_at: str
    plan: str


def read(workspace_id: str, *, consistent: bool = False) -> Workspace | None:
    """The workspace, or None."""
    item = table.get(*_key(workspace_id), consistent=consistent)
    return _decode(item) if item else None


def listed() -> Iterator[Workspace]:
    """All workspaces, oldest first."""
    return map(_decode, table.query(_ALL))


def opening(workspace: Workspace) -> list[Write]:
    """The writes that begin a workspace."""
    return _writes(workspace, conditions.absent())


def changing(old: Workspace, new: Workspace) -> list[Write]:
    """The writes that put `new` in the place of `old`, if that is still what is stored."""
    return _writes(new, conditions.equals("doc", _encode(old)))


def _writes(workspace: Workspace, condition: Condition) -> list[Write]:
    pk, sk = _key(workspace.id)
    document = _encode(workspace)
    mirror = {"pk": _ALL, "sk": workspace.id, "doc": document}
    return [Write({"pk": pk, "sk": sk, "doc": document}, condition=condition), Write(mirror)]


def _key(workspace_id: str) -> tuple[str, str]:
    return f"WS#{workspace_id}", "WORKSPACE"


def _encode(workspace: Workspace) -> str:
    return msgspec.json.encode(workspace).decode()


def _decode(item: table.Item) -> Workspace:
    return msgspec.json.decode(item["doc"], type=Workspace)
