"""What a leaderboard's inference endpoint calls: one small item, rewritten at each promotion."""

import msgspec

from gero.kit import table
from gero.providers.endpoint import Endpoint


class Target(msgspec.Struct, frozen=True, omit_defaults=True):
    """The production model with the prompt it was evaluated with."""

    candidate_id: str
    name: str
    prompt: str
    endpoint: Endpoint


class NoTarget(msgspec.Struct, frozen=True):
    """The leaderboard exists, but no run has chosen a model yet."""


def save(workspace_id: str, leaderboard_id: str, target: Target | None) -> None:
    """Point the endpoint to a target, or to none."""
    doc = {"doc": msgspec.json.encode(target).decode()} if target else {}
    table.put({"pk": _partition(workspace_id, leaderboard_id), "sk": "TARGET", **doc})


def load(workspace_id: str, leaderboard_id: str) -> Target | NoTarget | None:
    """The target; None when the workspace has no such leaderboard."""
    item = table.get(_partition(workspace_id, leaderboard_id), "TARGET")
    if item is None:
        return None
    return msgspec.json.decode(item["doc"], type=Target) if "doc" in item else NoTarget()


def _partition(workspace_id: str, leaderboard_id: str) -> str:
    return f"WS#{workspace_id}#LB#{leaderboard_id}"
