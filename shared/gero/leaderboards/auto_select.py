"""Auto-select: models of OpenRouter that keep to a team's limits, proposed with reasons, and added when it says so.

A proposal is kept for an hour, so that what is added is what was shown, however often the call is repeated.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta

import msgspec
from pydantic import AliasChoices, Field

from gero import access, models
from gero.access import Plan
from gero.kit import Conflict, clock, money, settings, table
from gero.leaderboards import candidates, latencies
from gero.leaderboards.candidates import Candidate, CandidateInput
from gero.leaderboards.leaderboard import Leaderboard
from gero.leaderboards.selection import Choice, Eligible, Limits, Selection, spread, unfit
from gero.models import Input
from gero.providers import Endpoint, catalogue

__all__ = ["AutoSelectInput", "Choice", "add", "choose", "present"]
_KEPT = timedelta(hours=1)


class AutoSelectInput(Input):
    """The body that asks for models. Prices are dollars per million tokens; what is left out is not limited."""

    count: int = Field(5, ge=1, le=20, validation_alias=AliasChoices("count", "number_of_models", "numberOfModels"))
    max_input_cost_per_million_usd: float | None = Field(None, gt=0, le=1_000_000)
    max_output_cost_per_million_usd: float | None = Field(None, gt=0, le=1_000_000)
    max_latency_p95_ms: float | None = Field(None, gt=0, le=3_600_000, description="To the first token")
    max_latency_p99_ms: float | None = Field(None, gt=0, le=3_600_000, description="To the first token")
    open_weights_only: bool = Field(
        False,
        validation_alias=AliasChoices("open_weights_only", "openWeightsOnly", "open_source_only", "openSourceOnly"),
    )
    dry_run: bool = Field(True, strict=True, description="Only show what would be added")
    refresh: bool = Field(
        False, strict=True, description="Choose anew, instead of what the same call chose within the last hour"
    )

    def limits(self, plan: Plan) -> Limits:
        """What is asked for, apart from what is to be done with it; a count that was not given is what the plan allows.

        PaymentRequired when more models are asked for at once than the plan allows.
        """
        count = self.count if "count" in self.model_fields_set else min(self.count, plan.auto_select_models)
        plan.check("auto_select_models", count, "count")
        return Limits(
            count=count,
            input_nanos=_nanos(self.max_input_cost_per_million_usd),
            output_nanos=_nanos(self.max_output_cost_per_million_usd),
            p95_ms=self.max_latency_p95_ms,
            p99_ms=self.max_latency_p99_ms,
            open_weights_only=self.open_weights_only,
        )


def choose(leaderboard: Leaderboard, limits: Limits, *, refresh: bool = False) -> Selection:
    """The models to add: those that the same limits gave within the last hour, unless `refresh`.

    Conflict when OpenRouter is not connected or refuses the workspace's key; UpstreamFailed when it cannot be asked.
    """
    models.check_connected(leaderboard.workspace_id, _openrouter())
    known = catalogue.load()
    kept = None if refresh else _kept(leaderboard, limits)
    if kept and _still_offered(kept, known, limits):
        return kept
    made = _selection(leaderboard, limits, known)
    if made.chosen:  # nothing found is worth another look: latencies change
        _keep(leaderboard, limits, made)
    return made


def present(leaderboard: Leaderboard) -> dict[str, Candidate]:
    """The leaderboard's OpenRouter models, by their ids on OpenRouter."""
    listed = candidates.listed(leaderboard.workspace_id, leaderboard.id)
    return {str(one.endpoint.model): one for one in listed if one.endpoint and one.platform == "openrouter"}


def add(leaderboard: Leaderboard, chosen: Sequence[Choice]) -> list[Candidate]:
    """Add the chosen models that the leaderboard does not have yet, at the prices shown; those that were added.

    Conflict, and none is added, when they are more than it can take.
    """
    there = present(leaderboard)
    missing = [one for one in chosen if one.model not in there]
    names = {one.name for one in candidates.listed(leaderboard.workspace_id, leaderboard.id)}
    if len(names) + len(missing) > candidates.MAX_CANDIDATES:
        raise Conflict(
            f"count: a leaderboard compares at most {candidates.MAX_CANDIDATES} models, this one has {len(names)}; "
            "choose fewer, or remove some first",
            field="count",
        )
    return [candidates.add(leaderboard.workspace_id, leaderboard.id, _wanted(one, names)) for one in missing]


def _selection(leaderboard: Leaderboard, limits: Limits, known: catalogue.Catalogue) -> Selection:
    rejected, fit = Counter[str](), list[catalogue.Offer]()
    there, now = present(leaderboard), clock.now()
    for offer in known.offers:
        reason = "already_on_leaderboard" if offer.id in there else unfit(offer, limits, now)
        if reason:
            rejected[reason] += 1
        else:
            fit.append(offer)
    eligible = []
    for found in _eligible(leaderboard, limits, fit):
        if isinstance(found, str):
            rejected[found] += 1
        else:
            eligible.append(found)
    chosen = tuple(spread(eligible, limits.count))
    if len(eligible) > len(chosen):
        rejected["not_needed"] = len(eligible) - len(chosen)
    return Selection(
        chosen=chosen,
        rejected=dict(sorted(rejected.items())),
        eligible=len(eligible),
        considered=len(known.offers),
        fetched_at=known.fetched_at,
        stale=known.stale,
    )


def _eligible(leaderboard: Leaderboard, limits: Limits, fit: Sequence[catalogue.Offer]) -> Iterator[Eligible | str]:
    measured = latencies.measured(leaderboard)
    if not limits.of_latency:
        yield from (Eligible(one, latency=measured.get((one.id, None))) for one in fit)
        return
    unknown = [one for one in fit if not _is_measured(one, measured, limits)]
    token = access.integrations.token_of(leaderboard.workspace_id, "openrouter")
    found = latencies.looked_up(unknown, str(token)) if unknown else {}
    for offer in fit:
        endpoints = found.get(offer.id, ())
        yield endpoints if isinstance(endpoints, str) else latencies.within(offer, endpoints, measured, limits)


def _is_measured(offer: catalogue.Offer, measured: latencies.Measured, limits: Limits) -> bool:
    latency = measured.get((offer.id, None))
    return latency is not None and limits.knows(latency)


def _still_offered(kept: Selection, known: catalogue.Catalogue, limits: Limits) -> bool:
    """Whether each chosen model can still be had within the limits: prices change, and models go."""
    offers = [known.find(one.model) for one in kept.chosen]
    return all(offer is not None and unfit(offer, limits, clock.now()) is None for offer in offers)


def _kept(leaderboard: Leaderboard, limits: Limits) -> Selection | None:
    item = table.get(*_key(leaderboard, limits), consistent=True)
    if item is None or item["expires_at"] <= clock.now().timestamp():  # DynamoDB removes what expired, hours later
        return None
    try:
        return msgspec.json.decode(item["doc"], type=Selection)
    except msgspec.ValidationError:  # kept by an earlier deployment, in another shape
        return None


def _keep(leaderboard: Leaderboard, limits: Limits, made: Selection) -> None:
    pk, sk = _key(leaderboard, limits)
    until = int((clock.now() + _KEPT).timestamp())
    table.put({"pk": pk, "sk": sk, "doc": msgspec.json.encode(made).decode(), "expires_at": until})


def _key(leaderboard: Leaderboard, limits: Limits) -> tuple[str, str]:
    return f"WS#{leaderboard.workspace_id}#LB#{leaderboard.id}", f"AUTO_SELECT#{limits.digest}"


def _wanted(one: Choice, names: set[str]) -> CandidateInput:
    """The body that adds a choice, under a name that is free; the name is taken from then on."""
    name = next(
        name for name in (one.model, *(f"{one.model} ({number})" for number in range(2, 99))) if name not in names
    )
    names.add(name)
    return CandidateInput(
        platform="openrouter",
        model=one.model,
        provider=one.provider,
        name=name,
        input_cost_per_million_usd=money.to_usd(one.input_nanos),
        output_cost_per_million_usd=money.to_usd(one.output_nanos),
    )


def _openrouter() -> Endpoint:
    return Endpoint("openrouter", settings.openrouter_base_url(), integration="openrouter")


def _nanos(usd: float | None) -> int | None:
    return None if usd is None else money.to_nanos(usd)
