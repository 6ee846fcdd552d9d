"""What an inference endpoint calls: one small item of a leaderboard or a Dr.Gero model, rewritten when that changes."""

import msgspec

from gero.kit import table
from gero.providers.endpoint import Endpoint


class Target(msgspec.Struct, frozen=True, omit_defaults=True):
    """The model that answers, with the prompt it was evaluated with. `candidate_id`: of a Dr.Gero model, its own id."""

    candidate_id: str
    name: str
    prompt: str
    endpoint: Endpoint


class NoTarget(msgspec.Struct, frozen=True):
    """There is a leaderboard, or a model, but nothing that answers for it yet."""


Key = tuple[str, str]


def key(workspace_id: str, leaderboard_id: str) -> Key:
    """Where the target of a leaderboard lies."""
    return f"WS#{workspace_id}#LB#{leaderboard_id}", "TARGET"


def model_key(workspace_id: str, model_id: str) -> Key:
    """Where the target of a Dr.Gero model lies."""
    return f"WS#{workspace_id}#MODEL#{model_id}", "TARGET"


def item(at: Key, target: Target | None) -> table.Item:
    """The item that points an inference endpoint to a target, or to none; for whoever writes it in a transaction."""
    doc = {"doc": msgspec.json.encode(target).decode()} if target else {}
    pk, sk = at
    return {"pk": pk, "sk": sk, **doc}


def load(at: Key) -> Target | NoTarget | None:
    """The target; None when the workspace has nothing there."""
    found = table.get(*at)
    if found is None:
        return None
    return msgspec.json.decode(found["doc"], type=Target) if "doc" in found else NoTarget()
