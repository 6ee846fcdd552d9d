"""Names as well as ids: what a person typed -> the one object it means."""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from gero.cli.failure import USAGE, Failure

if TYPE_CHECKING:
    from gero.cli.client import Client

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SHORTEST_PART: Final = 4
_SHOWN: Final = 10


def is_id(reference: str | None) -> bool:
    """Whether it is a whole id, so that nothing has to be looked up."""
    return bool(reference and _UUID.fullmatch(reference))


def leaderboard(client: "Client", reference: str | None) -> dict[str, Any]:
    """The leaderboard meant; without a reference the only one of the workspace."""
    return _one(client, "leaderboard", reference)


def leaderboard_id(client: "Client", reference: str | None) -> str:
    """Its id, without asking the API when the reference is one."""
    if reference and is_id(reference):
        return reference
    return str(leaderboard(client, reference)["id"])


def model(client: "Client", reference: str | None) -> dict[str, Any]:
    """The model of the Models area meant; without a reference the only one of the workspace."""
    return _one(client, "model", reference)


def model_id(client: "Client", reference: str | None) -> str:
    """Its id, without asking the API when the reference is one."""
    if reference and is_id(reference):
        return reference
    return str(model(client, reference)["id"])


def candidate(client: "Client", leaderboard_id: str, reference: str) -> dict[str, Any]:
    """The candidate of the leaderboard meant."""
    return choose(client.get(f"/api/leaderboards/{leaderboard_id}/models")["models"], reference, "candidate")


def token(client: "Client", reference: str) -> dict[str, Any]:
    """The API token meant."""
    return choose(client.every("/api/tokens", "tokens"), reference, "token")


def push_token(client: "Client", leaderboard_id: str, reference: str) -> dict[str, Any]:
    """The push token of the leaderboard meant."""
    return choose(client.get(f"/api/leaderboards/{leaderboard_id}/dataset/tokens")["tokens"], reference, "push token")


def run_id(client: "Client", leaderboard_id: str, reference: str | None) -> str:
    """The id of the run meant by an id or its end; without a reference the latest."""
    path = f"/api/leaderboards/{leaderboard_id}/runs"
    return _run(client, path, reference, "this leaderboard has no run yet: start one with `gero run`")


def fine_tune_id(client: "Client", model_id: str, reference: str | None) -> str:
    """The id of the fine-tuning run meant by an id or its end; without a reference the latest."""
    path = f"/api/models/{model_id}/fine-tune/runs"
    return _run(client, path, reference, "this model was not fine-tuned yet: start with `gero fine-tune start`")


def choose(candidates: Iterable[dict[str, Any]], reference: str, noun: str) -> dict[str, Any]:
    """The only one with this id, name, name in another case, or end of an id; else Failure with what there is."""
    everything = list(candidates)
    folded = reference.casefold()
    readings = (
        [one for one in everything if one["id"] == reference],
        [one for one in everything if one.get("name") == reference],
        [one for one in everything if str(one.get("name", "")).casefold() == folded],
        [one for one in everything if len(folded) >= _SHORTEST_PART and one["id"].endswith(folded)],
    )
    matches = next((reading for reading in readings if reading), [])
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise Failure(f"{len(matches)} {noun}s match {reference!r}, say which one by its id:", lines=_listing(matches))
    if not everything:
        raise Failure(f"no {noun} matches {reference!r}: there are none")
    raise Failure(f"no {noun} matches {reference!r}, there are:", lines=_listing(everything))


def _one(client: "Client", noun: str, reference: str | None) -> dict[str, Any]:
    path = f"/api/{noun}s"
    if reference and is_id(reference):
        return client.get(f"{path}/{reference}")
    everything = list(client.every(path, f"{noun}s"))
    if reference:
        return choose(everything, reference, noun)
    if len(everything) == 1:
        return everything[0]
    if not everything:
        raise Failure(f"there is no {noun} yet: create one with `gero {noun} create`")
    raise Failure(f"say which {noun} is meant, by name or id:", USAGE, _listing(everything))


def _run(client: "Client", path: str, reference: str | None, none: str) -> str:
    if reference and is_id(reference):
        return reference
    if reference:
        return str(choose(client.every(path, "runs"), reference, "run")["id"])
    latest = next(client.every(path, "runs", limit=1), None)
    if latest is None:
        raise Failure(none)
    return str(latest["id"])


def _listing(items: Sequence[dict[str, Any]]) -> list[str]:
    lines = [f"{one['id']}  {one.get('name') or one.get('status', '')}" for one in items[:_SHOWN]]
    rest = len(items) - _SHOWN
    return lines if rest <= 0 else [*lines, f"and {rest:,} more"]
