"""Who asks, and what answers: read from the table at most once in a few seconds."""

from collections.abc import Mapping

import msgspec

from functions.serve_inference.recent import Recent
from gero import access
from gero.access import Principal
from gero.kit import Conflict, NotFound, is_id
from gero.providers import directory, serving
from gero.providers.directory import Entry, Kind
from gero.providers.serving import Serving
from gero.providers.target import NoTarget, Target

_NOT_YET = {
    "leaderboard": ("no model serves this leaderboard yet; complete a run first", "no_ranking"),
    "model": ("this model is not deployed; deploy one of its versions first", "model_not_deployed"),
}
_principals: Recent[Principal] = Recent()
# What is not there yet is looked for again: who waits for the first ranking is served with it.
_servings: Recent[Serving | NoTarget | None] = Recent(lambda found: isinstance(found, Serving))
_named: Recent[list[Entry]] = Recent(bool)
_headers: Recent[dict[str, str]] = Recent()


class Served(msgspec.Struct, frozen=True):
    """What was asked, and how it is served. Traces are kept under `id`, which is a leaderboard's or a model's."""

    workspace_id: str
    kind: Kind
    id: str
    serving: Serving


async def caller(headers: Mapping[str, str]) -> Principal:
    """Who sent the request. Unauthenticated, or Forbidden without the scope of inference."""
    presented = "\0".join(headers.get(name, "") for name in ("authorization", "x-api-key", "x-dr.gero-api-key"))
    found = await _principals.get(presented, lambda: access.authenticate(headers))
    found.require("leaderboards:inference")
    return found


async def by_id(workspace_id: str, kind: Kind, object_id: str) -> Served:
    """What answers for a leaderboard or a model. NotFound without one; Conflict when nothing answers for it yet."""
    found = await _serving(workspace_id, kind, object_id)
    if found is None:
        raise NotFound(f"no such {kind} in this workspace")
    return _ready(workspace_id, kind, object_id, found)


async def by_name(workspace_id: str, name: str) -> Served:
    """What answers for an OpenAI `model`: the id, the name or the slug of a leaderboard or a Dr.Gero model.

    NotFound without one; Conflict when several are called so, or nothing answers yet.
    """
    for kind in ("leaderboard", "model") if is_id(name) else ():
        found = await _serving(workspace_id, kind, name)
        if found is not None:
            return _ready(workspace_id, kind, name, found)
    entry = await named(workspace_id, name)
    return await by_id(workspace_id, entry.kind, entry.id)


async def named(workspace_id: str, name: str) -> Entry:
    """The one thing that is called so. NotFound, or Conflict when there are several."""
    if is_id(name):
        found = [entry for entry in await askable(workspace_id) if entry.id == name]
    else:
        key = f"{workspace_id}/named/{directory.slug(name)}"
        found = await _named.get(key, lambda: directory.find(workspace_id, name))
    if not found:
        raise NotFound(
            f"model: no leaderboard and no Dr.Gero model is called {name[:100]!r}; GET /v1/models lists them",
            code="model_not_found",
            field="model",
        )
    if len(found) > 1:
        ids = ", ".join(f"{entry.id} ({entry.kind})" for entry in found)
        raise Conflict(f"model: several are called {name[:100]!r}; use an id: {ids}", code="ambiguous", field="model")
    return found[0]


async def askable(workspace_id: str) -> list[Entry]:
    """The leaderboards and models of the workspace that answer, in order of names."""

    def load() -> list[Entry]:
        entries = directory.listed(workspace_id)
        ready = serving.with_target(workspace_id, [(entry.kind, entry.id) for entry in entries])
        return [entry for entry in entries if entry.id in ready]

    return await _named.get(f"{workspace_id}/all", load)


async def headers_of(workspace_id: str, target: Target) -> dict[str, str]:
    """The headers that the target is called with, its secret opened."""
    endpoint = target.endpoint
    key = f"{workspace_id}/{target.candidate_id}/{endpoint.address}/{endpoint.sealed_secret}/{endpoint.integration}"
    return await _headers.get(key, lambda: endpoint.headers(workspace_id))


def forget() -> None:
    """Drop what was read from the table; for tests."""
    for kept in (_principals, _servings, _named, _headers):
        kept.forget()


async def _serving(workspace_id: str, kind: Kind, object_id: str) -> Serving | NoTarget | None:
    if not is_id(object_id):
        return None
    read = serving.of_leaderboard if kind == "leaderboard" else serving.of_model
    return await _servings.get(f"{kind}/{workspace_id}/{object_id}", lambda: read(workspace_id, object_id))


def _ready(workspace_id: str, kind: Kind, object_id: str, found: Serving | NoTarget) -> Served:
    if isinstance(found, NoTarget):
        message, code = _NOT_YET[kind]
        raise Conflict(message, code=code)
    return Served(workspace_id, kind, object_id, found)
