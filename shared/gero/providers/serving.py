"""What an inference endpoint needs of a leaderboard, beside its target: how to serve, and who else was ranked."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from gero import access
from gero.kit import table
from gero.providers import target
from gero.providers.directory import Kind
from gero.providers.endpoint import Endpoint
from gero.providers.target import NoTarget, Target

MAX_RANKED = 10
"""Models kept beside the one in production: fallbacks and challengers."""
RANKED = "RANKED"  # the sort key of the item that holds them, and the one of a leaderboard's settings
SETTINGS = "serving"


class ServingSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a leaderboard wants to be served and traced."""

    messages_prompt: Literal["apply", "bypass"] = "apply"
    """Whether the prompt is put in front of `messages`, as it is of `input`."""
    fallbacks: int = 2
    """How many of the next in the ranking are asked when production's model fails."""
    hedge_after_ms: int | None = None
    """After so long without an answer the next in the ranking is asked as well; None: never."""
    shadow_percent: float = 0.0
    """The share of requests, in percent, that a challenger is asked too."""
    shadow_model_id: str | None = None
    """The challenger; None: the next in the ranking."""
    capture_content: bool = True
    """Whether traces hold what was asked and answered."""
    redact: tuple[str, ...] = ()
    """Names of built-in patterns, or regular expressions, that are removed from traces."""
    retention_days: int | None = None
    """How long traces are kept; None: for good."""


class RankedModel(msgspec.Struct, frozen=True, omit_defaults=True):
    """Another model of the ranking."""

    candidate_id: str
    name: str
    endpoint: Endpoint


class Ranked(msgspec.Struct, frozen=True, omit_defaults=True):
    """The models of the latest ranking, best first, production's included, with the prompt they were evaluated with."""

    prompt: str
    models: tuple[RankedModel, ...] = ()

    def others(self, target: Target) -> list[Target]:
        """All but the one that serves, as targets."""
        others = (one for one in self.models if one.candidate_id != target.candidate_id)
        return [Target(one.candidate_id, one.name, self.prompt, one.endpoint) for one in others]


class Serving(msgspec.Struct, frozen=True):
    """Who answers, who else can, and how."""

    target: Target
    others: tuple[Target, ...] = ()
    settings: ServingSettings = ServingSettings()


def ranked_item(workspace_id: str, leaderboard_id: str, ranked: Ranked) -> table.Item:
    """The item that names a leaderboard's ranked models; for whoever writes it in a transaction."""
    pk, _ = target.key(workspace_id, leaderboard_id)
    return {"pk": pk, "sk": RANKED, "doc": msgspec.json.encode(ranked).decode()}


def ranked(workspace_id: str, leaderboard_id: str) -> Ranked | None:
    """The leaderboard's ranked models; None before there is a ranking."""
    found = table.get(target.key(workspace_id, leaderboard_id)[0], RANKED, consistent=True)
    return msgspec.json.decode(found["doc"], type=Ranked) if found else None


def of_leaderboard(workspace_id: str, leaderboard_id: str) -> Serving | NoTarget | None:
    """How a leaderboard is served, in one read; None when the workspace has no such leaderboard."""
    pk, sk = target.key(workspace_id, leaderboard_id)
    found = {item["sk"]: item for item in table.get_many([(pk, sk), (pk, RANKED), _settings_key(workspace_id, pk)])}
    if sk not in found:
        return None
    if "doc" not in found[sk]:
        return NoTarget()
    served = msgspec.json.decode(found[sk]["doc"], type=Target)
    others = msgspec.json.decode(found[RANKED]["doc"], type=Ranked).others(served) if RANKED in found else ()
    return Serving(served, tuple(others), _settings(found.get(f"LB#{leaderboard_id}")))


def of_model(workspace_id: str, model_id: str) -> Serving | NoTarget | None:
    """How a Dr.Gero model is served; None when the workspace has no such model."""
    found = target.load(target.model_key(workspace_id, model_id))
    if not isinstance(found, Target):
        return found
    # It has no settings of its own, but the workspace's plan may limit how long traces are kept.
    days = access.plans.of(workspace_id).trace_retention_days
    return Serving(found, settings=ServingSettings(retention_days=days))


def with_target(workspace_id: str, wanted: Sequence[tuple[Kind, str]]) -> set[str]:
    """Which leaderboards and models, of those with these ids, have something that answers for them."""
    keys = {"leaderboard": target.key, "model": target.model_key}
    places = {keys[kind](workspace_id, object_id): object_id for kind, object_id in wanted}
    found = table.get_many(places)
    return {places[item["pk"], item["sk"]] for item in found if "doc" in item}


def settings_of(workspace_id: str, leaderboard_id: str) -> ServingSettings:
    """A leaderboard's settings; the defaults when there is no such leaderboard (a Dr.Gero model has none)."""
    return _settings(table.get(f"WS#{workspace_id}", f"LB#{leaderboard_id}"))


def _settings_key(workspace_id: str, partition: str) -> tuple[str, str]:
    return f"WS#{workspace_id}", partition.removeprefix(f"WS#{workspace_id}#")


def _settings(item: table.Item | None) -> ServingSettings:
    text = (item or {}).get(SETTINGS)
    return msgspec.json.decode(text, type=ServingSettings) if text else ServingSettings()
