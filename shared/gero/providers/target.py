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


def item(workspace_id: str, leaderboard_id: str, target: Target | None) -> table.Item:
    """The item that points the endpoint to a target, or to none; for whoever writes it in a transaction."""
    doc = {"doc": msgspec.json.encode(target).decode()} if target else {}
    pk, sk = key(workspace_id, leaderboard_id)
    return {"pk": pk, "sk": sk, **doc}


def key(workspace_id: str, leaderboard_id: str) -> tuple[str, str]:
    """Where the item lies."""
    return f"WS#{workspace_id}#LB#{leaderboard_id}", "TARGET"


def load(workspace_id: str, leaderboard_id: str) -> Target | NoTarget | None:
    """The target; None when the workspace has no such leaderboard."""
    found = table.get(*key(workspace_id, leaderboard_id))
    if found is None:
        return None
    return msgspec.json.decode(found["doc"], type=Target) if "doc" in found else NoTarget()
