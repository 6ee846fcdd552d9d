"""Candidates: the models that a leaderboard compares, each with its own way to be called."""

from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field, model_validator

from gero.kit import Conflict, Invalid, NotFound, address, clock, conditions, money, new_id, table
from gero.leaderboards.inputs import Input
from gero.providers import Endpoint, check_auth, seal_secret

MAX_CANDIDATES = 50
_MAX_PARAMETER_BYTES = 8_000
_RESERVED_PARAMETERS = frozenset({"model", "messages", "stream", "input", "prompt", "question", "query"})


class CandidateInput(Input):
    """The body that adds a candidate. Prices are dollars per million tokens."""

    name: str | None = Field(None, min_length=1, max_length=200)
    platform: Literal["custom"] = "custom"
    endpoint_url: str = Field(max_length=2000)
    model: str | None = Field(None, min_length=1, max_length=300)
    auth_method: str | None = None
    auth_token: str | None = Field(None, repr=False)
    auth_header_name: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict, description="Sent with every request")
    input_cost_per_million_usd: float = Field(0, ge=0, le=1_000_000)
    output_cost_per_million_usd: float = Field(0, ge=0, le=1_000_000)
    timeout_seconds: int = Field(60, ge=1, le=100)

    @model_validator(mode="after")
    def _can_be_called(self) -> "CandidateInput":
        try:
            address.check_url(self.endpoint_url, "endpoint_url")
            check_auth(self.method, self.auth_header_name, self.auth_token)
        except Invalid as error:
            raise ValueError(error.message) from error
        if len(msgspec.json.encode(self.parameters)) > _MAX_PARAMETER_BYTES:
            raise ValueError(f"parameters: at most {_MAX_PARAMETER_BYTES:,} bytes")
        reserved = _RESERVED_PARAMETERS & set(self.parameters)
        if reserved:
            raise ValueError(f"parameters: {', '.join(sorted(reserved))} cannot be set here")
        return self

    @property
    def method(self) -> str:
        """The authentication method; bearer when only a token was given."""
        return self.auth_method or ("bearer" if self.auth_token else "none")


class Candidate(BaseModel):
    """A candidate as stored; `sealed_secret` opens only with the deployment's key and this candidate's id."""

    model_config = ConfigDict(frozen=True)
    id: str
    name: str
    platform: Literal["custom"]
    endpoint_url: str
    model: str | None
    auth_method: str
    auth_header_name: str | None
    sealed_secret: str | None = Field(repr=False)
    parameters: dict[str, Any]
    input_nanos_per_million: int
    output_nanos_per_million: int
    timeout_seconds: int
    created_at: str

    def endpoint(self) -> Endpoint:
        """How it is called."""
        return Endpoint(
            platform=self.platform,
            url=self.endpoint_url,
            model=self.model,
            auth_method=self.auth_method,
            auth_header_name=self.auth_header_name,
            sealed_secret=self.sealed_secret,
            secret_owner=self.id,
            parameters=self.parameters,
            input_nanos_per_million=self.input_nanos_per_million,
            output_nanos_per_million=self.output_nanos_per_million,
            timeout_seconds=self.timeout_seconds,
        )

    def public(self) -> dict[str, Any]:
        """What people may see: everything but the secret."""
        hidden = {"sealed_secret", "input_nanos_per_million", "output_nanos_per_million"}
        return self.model_dump(mode="json", exclude=hidden) | {
            "has_auth_token": self.sealed_secret is not None,
            "input_cost_per_million_usd": money.to_usd(self.input_nanos_per_million),
            "output_cost_per_million_usd": money.to_usd(self.output_nanos_per_million),
        }


def add(workspace_id: str, leaderboard_id: str, wanted: CandidateInput) -> Candidate:
    """Add a candidate. Conflict when the leaderboard is full or has one of that name."""
    present = list(listed(workspace_id, leaderboard_id))
    name = wanted.name or wanted.model or wanted.endpoint_url
    if any(one.name == name for one in present):
        raise Conflict(f"name: this leaderboard already has a model {name!r}; choose another name", field="name")
    if len(present) >= MAX_CANDIDATES:
        raise Conflict(f"a leaderboard compares at most {MAX_CANDIDATES} models; remove one first")
    candidate_id = new_id()
    secret = wanted.auth_token
    candidate = Candidate(
        id=candidate_id,
        name=name,
        sealed_secret=seal_secret(workspace_id, candidate_id, secret) if secret else None,
        auth_method=wanted.method,
        input_nanos_per_million=money.to_nanos(wanted.input_cost_per_million_usd),
        output_nanos_per_million=money.to_nanos(wanted.output_cost_per_million_usd),
        created_at=clock.iso(),
        **wanted.model_dump(
            include={"platform", "endpoint_url", "model", "auth_header_name", "parameters", "timeout_seconds"}
        ),
    )
    pk, sk = _key(workspace_id, leaderboard_id, candidate.id)
    table.put({"pk": pk, "sk": sk, "doc": candidate.model_dump_json()}, conditions.absent())
    return candidate


def get(workspace_id: str, leaderboard_id: str, candidate_id: str) -> Candidate:
    """The candidate. NotFound when there is none."""
    item = table.get(*_key(workspace_id, leaderboard_id, candidate_id), consistent=True)
    if item is None:
        raise NotFound("no such model on this leaderboard")
    return Candidate.model_validate_json(item["doc"])


def check_pin(workspace_id: str, leaderboard_id: str, candidate_id: str | None) -> None:
    """Invalid when a model is to be pinned that the leaderboard does not have."""
    if candidate_id is not None and candidate_id not in {one.id for one in listed(workspace_id, leaderboard_id)}:
        raise Invalid("model_selection.model_id: no such model on this leaderboard", field="model_selection.model_id")


def listed(workspace_id: str, leaderboard_id: str) -> Iterator[Candidate]:
    """The leaderboard's candidates, in the order they were added."""
    for item in table.query(_key(workspace_id, leaderboard_id, "")[0], "CANDIDATE#"):
        yield Candidate.model_validate_json(item["doc"])


def remove(workspace_id: str, leaderboard_id: str, candidate_id: str) -> None:
    """Take a candidate off. Runs keep what they know of it."""
    get(workspace_id, leaderboard_id, candidate_id)
    table.delete(*_key(workspace_id, leaderboard_id, candidate_id))


def _key(workspace_id: str, leaderboard_id: str, candidate_id: str) -> tuple[str, str]:
    return f"WS#{workspace_id}#LB#{leaderboard_id}", f"CANDIDATE#{candidate_id}"
