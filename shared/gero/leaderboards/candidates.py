"""Candidates: the models that a leaderboard compares, each with its own way to be called."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Self

import msgspec
from pydantic import Field, model_validator

from gero import models
from gero.kit import Conflict, Invalid, NotFound, Unavailable, clock, conditions, money, new_id, table
from gero.kit.table import Changes, Write
from gero.leaderboards.serving_settings import CHALLENGER
from gero.models import EndpointInput
from gero.providers import Endpoint, serving
from gero.providers.serving import Ranked

MAX_CANDIDATES = 50
_TRIES = 5


class CandidateInput(EndpointInput):
    """The body that adds a candidate."""

    name: str | None = Field(None, min_length=1, max_length=200)
    drgero_model_id: str | None = Field(None, max_length=64, description="A deployed model of the Models area")

    @model_validator(mode="after")
    def _names_its_model(self) -> Self:
        if (self.platform == "drgero") != (self.drgero_model_id is not None):
            raise ValueError("drgero_model_id: give it with platform drgero, and only then")
        return self


class Candidate(msgspec.Struct, frozen=True, omit_defaults=True):
    """A candidate as stored. A Dr.Gero model is called as its deployed version says; any other has its endpoint."""

    id: str
    name: str
    platform: str
    created_at: str
    endpoint: Endpoint | None = None
    drgero_model_id: str | None = None


def resolved(workspace_id: str, candidate: Candidate) -> Endpoint:
    """How the candidate is called now. Conflict when it is a Dr.Gero model that is not deployed."""
    if candidate.endpoint:
        return candidate.endpoint
    return models.deployed_endpoint(workspace_id, str(candidate.drgero_model_id))


def shown(workspace_id: str, candidate: Candidate) -> dict[str, Any]:
    """What people may see of a candidate: everything but the secret. Fields of an endpoint are None while a Dr.Gero
    model is not deployed.
    """
    try:
        endpoint = resolved(workspace_id, candidate)
    except (Conflict, NotFound):
        endpoint = Endpoint(candidate.platform, "")
    return {
        "id": candidate.id,
        "name": candidate.name,
        "platform": candidate.platform,
        "endpoint_url": endpoint.url or None,
        "model": endpoint.model,
        "provider": endpoint.provider,
        "quantization": endpoint.quantization,
        "drgero_model_id": candidate.drgero_model_id,
        "drgero_version": endpoint.version,
        "auth_method": endpoint.auth_method,
        "auth_header_name": endpoint.auth_header_name,
        "has_auth_token": endpoint.sealed_secret is not None,
        "integration": endpoint.integration,
        "parameters": endpoint.parameters,
        "input_cost_per_million_usd": money.to_usd(endpoint.input_nanos_per_million),
        "output_cost_per_million_usd": money.to_usd(endpoint.output_nanos_per_million),
        "input_price_per_token": _per_token(endpoint.input_nanos_per_million),
        "output_price_per_token": _per_token(endpoint.output_nanos_per_million),
        "timeout_seconds": endpoint.timeout_seconds,
        "created_at": candidate.created_at,
    }


def made(workspace_id: str, wanted: CandidateInput) -> Candidate:
    """The candidate that a body describes, not yet on a leaderboard. Conflict when it cannot be called as it is."""
    candidate_id, model_id = new_id(), wanted.drgero_model_id
    if model_id is None:
        endpoint = models.endpoint_of(wanted, workspace_id, candidate_id)
        name = wanted.name or wanted.model or endpoint.url
    else:
        models.deployed_endpoint(workspace_id, model_id)
        endpoint, name = None, wanted.name or models.get(workspace_id, model_id).name
    return Candidate(candidate_id, name, wanted.platform, clock.iso(), endpoint, model_id)


def add(workspace_id: str, leaderboard_id: str, wanted: CandidateInput) -> Candidate:
    """Add a candidate. Conflict when the leaderboard is full or has one of that name."""
    present = list(listed(workspace_id, leaderboard_id))
    candidate = made(workspace_id, wanted)
    if any(one.name == candidate.name for one in present):
        raise Conflict(
            f"name: this leaderboard already has a model {candidate.name!r}; choose another name", field="name"
        )
    if len(present) >= MAX_CANDIDATES:
        raise Conflict(f"a leaderboard compares at most {MAX_CANDIDATES} models; remove one first")
    pk, sk = _key(workspace_id, leaderboard_id, candidate.id)
    item = {"pk": pk, "sk": sk, "doc": msgspec.json.encode(candidate).decode()}
    writes = [Write(item, condition=conditions.absent()), _counted(workspace_id, leaderboard_id, 1)]
    if candidate.drgero_model_id:
        writes.append(models.exists_check(workspace_id, candidate.drgero_model_id))
        writes.append(models.link(workspace_id, candidate.drgero_model_id, leaderboard_id, candidate.id))
    try:
        table.transact(writes)
    except Conflict as error:
        raise NotFound("drgero_model_id: this model was deleted meanwhile", field="drgero_model_id") from error
    return candidate


def get(workspace_id: str, leaderboard_id: str, candidate_id: str) -> Candidate:
    """The candidate. NotFound when there is none."""
    item = table.get(*_key(workspace_id, leaderboard_id, candidate_id), consistent=True)
    if item is None:
        raise NotFound("no such model on this leaderboard")
    return msgspec.json.decode(item["doc"], type=Candidate)


def check_pin(workspace_id: str, leaderboard_id: str, candidate_id: str | None) -> None:
    """Invalid when a model is to be pinned that the leaderboard does not have."""
    _check_listed(workspace_id, leaderboard_id, candidate_id, "model_selection.model_id")


def check_challenger(workspace_id: str, leaderboard_id: str, candidate_id: str | None) -> None:
    """Invalid when a model is to be the challenger of live requests that the leaderboard does not have."""
    _check_listed(workspace_id, leaderboard_id, candidate_id, CHALLENGER)


def listed(workspace_id: str, leaderboard_id: str) -> Iterator[Candidate]:
    """The leaderboard's candidates, in the order they were added."""
    for item in table.query(_key(workspace_id, leaderboard_id, "")[0], "CANDIDATE#"):
        yield msgspec.json.decode(item["doc"], type=Candidate)


def counts(workspace_id: str, leaderboard_ids: Iterable[str]) -> dict[str, int]:
    """How many candidates leaderboards have, in one read however many they are; eventually consistent."""
    keys = [_count_key(workspace_id, one) for one in leaderboard_ids]
    return {item["leaderboard_id"]: int(item["models"]) for item in table.get_many(keys)}


def remove(workspace_id: str, leaderboard_id: str, candidate_id: str) -> None:
    """Take a candidate off. Runs keep what they know of it."""
    for _ in range(_TRIES):
        model_id = get(workspace_id, leaderboard_id, candidate_id).drgero_model_id
        unlinked = [models.unlink_write(workspace_id, model_id, leaderboard_id, candidate_id)] if model_id else []
        gone = Write(key=_key(workspace_id, leaderboard_id, candidate_id), condition=conditions.present())
        writes = [gone, _counted(workspace_id, leaderboard_id, -1), *unlinked]
        try:
            table.transact([*writes, *_unranked(workspace_id, leaderboard_id, candidate_id)])
        except Conflict:
            continue  # a run ranked anew, or somebody removed one
        return
    raise Unavailable("the leaderboard is being changed by others; try again")


def _check_listed(workspace_id: str, leaderboard_id: str, candidate_id: str | None, field: str) -> None:
    if candidate_id is not None and candidate_id not in {one.id for one in listed(workspace_id, leaderboard_id)}:
        raise Invalid(f"{field}: no such model on this leaderboard", field=field)


def _unranked(workspace_id: str, leaderboard_id: str, candidate_id: str) -> list[Write]:
    """The write after which production falls back on it no more."""
    ranked = serving.ranked(workspace_id, leaderboard_id)
    if ranked is None:
        return []
    left = tuple(one for one in ranked.models if one.candidate_id != candidate_id)
    unchanged = conditions.equals("doc", msgspec.json.encode(ranked).decode())
    return [Write(serving.ranked_item(workspace_id, leaderboard_id, Ranked(ranked.prompt, left)), condition=unchanged)]


def _per_token(nanos_per_million: int) -> str:
    """Dollars per token, exact."""
    return f"{(Decimal(nanos_per_million) / 10**15).normalize():f}"


def _counted(workspace_id: str, leaderboard_id: str, change: int) -> Write:
    changes = Changes(add={"models": change}, set={"leaderboard_id": leaderboard_id})
    return Write(key=_count_key(workspace_id, leaderboard_id), changes=changes)


def _count_key(workspace_id: str, leaderboard_id: str) -> tuple[str, str]:
    return f"WS#{workspace_id}#LB#{leaderboard_id}", "MODEL_COUNT"


def _key(workspace_id: str, leaderboard_id: str, candidate_id: str) -> tuple[str, str]:
    return f"WS#{workspace_id}#LB#{leaderboard_id}", f"CANDIDATE#{candidate_id}"
