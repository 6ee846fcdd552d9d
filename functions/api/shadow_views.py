"""What the API shows of shadow traffic: each challenger beside production on the same live requests."""

from typing import Any

from pydantic import BaseModel, Field

from gero import shadows
from gero.kit import money
from gero.leaderboards import Leaderboard
from gero.providers import serving
from gero.providers.target import Target
from gero.ranking import RankingEntry
from gero.shadows import Comparison, Figures

MOST_SHOWN = 20


class ShadowSideView(BaseModel):
    """One of the two models, on the requests that both were asked."""

    model_id: str
    name: str
    requests: int
    errors: int
    cost_per_1000_usd: float
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    latency_p99_ms: float | None
    tokens_in: int
    tokens_out: int


class ShadowLimitsView(BaseModel):
    """A mean with its 95 % limits, which hold however often one looks."""

    mean: float
    low: float
    high: float


class ShadowPairView(BaseModel):
    """A challenger beside production. Another version, prompt or scoring of them is another pair."""

    production: ShadowSideView
    challenger: ShadowSideView
    requests: int
    compared: int = Field(description="Requests whose answers could be compared")
    first_at: str
    last_at: str
    evaluation: str
    judge: str | None
    agreement: ShadowLimitsView | None = Field(
        description="Exact scoring: the share of requests to which both say the same. Not accuracy"
    )
    difference: ShadowLimitsView | None = Field(
        description="Scored by a judge: challenger - production; a win is 0.5, a tie 0, a loss -0.5"
    )
    verdict: str | None = Field(description="Scored by a judge: better, worse or undecided")
    requests_needed: int | None = Field(description="About how many more until the difference is certain")
    cost_ratio: float | None = Field(description="Challenger to production")
    latency_ratio: float | None = Field(description="Challenger to production, at the 95th percentile")
    judge_cost_usd: float
    late: int = Field(description="Requests that had waited for 15 minutes and were not asked any more")
    not_taken: int = Field(description="Requests that the challenger's server took for nothing: limits, quota, key")
    latest_error: str | None
    told: str
    limits: list[str] = Field(description="What these figures do not tell")


class ShadowView(BaseModel):
    """Shadow traffic: the settings in force, and what came of it, the latest pair first."""

    leaderboard_id: str
    percent: float
    challenger_id: str | None = Field(description="Who is asked now; null when nobody is")
    challenger: str | None
    told: str
    pairs: list[ShadowPairView]


def shadow(found: Leaderboard) -> ShadowView:
    """The view of a leaderboard's shadow traffic."""
    served = serving.of_leaderboard(found.workspace_id, found.id)
    challenger = shadows.challenger_of(served) if isinstance(served, serving.Serving) else None
    known = shadows.listed(found.workspace_id, found.id)[:MOST_SHOWN]
    return ShadowView(
        leaderboard_id=found.id,
        percent=found.inference.shadow.percent,
        challenger_id=challenger.candidate_id if challenger else None,
        challenger=challenger.name if challenger else None,
        told=_told(found, challenger),
        pairs=[_pair(one) for one in known],
    )


def _told(found: Leaderboard, challenger: Target | None) -> str:
    wanted = found.inference.shadow
    if not wanted.percent:
        return (
            "No requests are shadowed. Switch it on with gero leaderboard update --shadow-percent 5, or"
            f' PATCH /api/leaderboards/{found.id} {{"inference": {{"shadow": {{"percent": 5}}}}}}.'
        )
    if found.production is None:
        return "No model serves yet, so nothing is shadowed: complete a run first."
    share = f"{wanted.percent:g} % of requests"
    if challenger is None and wanted.model_id:
        return (
            f"{share} should go to {wanted.model_id}, which serves itself or was not ranked in the latest run: choose"
            " another model, or none for the next in the ranking."
        )
    if challenger is None:
        return f"{share} should go to the next in the ranking, but there is none: add another model and complete a run."
    return f"{share} also go to {challenger.name}, after {found.production.name} has answered."


def _pair(known: Figures) -> ShadowPairView:
    found, pair = shadows.compared(known), known.pair
    return ShadowPairView(
        production=_side(found.production, pair.production_id),
        challenger=_side(found.challenger, pair.challenger_id),
        requests=found.challenger.n_rows,
        compared=found.challenger.n_scored,
        first_at=known.first_at,
        last_at=known.last_at,
        evaluation=pair.evaluation,
        judge=pair.judge,
        **_values(found),
        verdict=found.verdict,
        requests_needed=found.requests_needed,
        cost_ratio=found.cost_ratio,
        latency_ratio=found.latency_ratio,
        judge_cost_usd=money.to_usd(found.judge_nanos),
        late=known.late,
        not_taken=known.not_taken,
        latest_error=known.latest_error,
        told=found.told,
        limits=list(found.limits),
    )


def _values(found: Comparison) -> dict[str, Any]:
    value = found.value
    shown = ShadowLimitsView(mean=value.mean, low=value.low, high=value.high) if value else None
    return {name: shown if found.measure == name else None for name in ("agreement", "difference")}


def _side(entry: RankingEntry, model_id: str) -> ShadowSideView:
    return ShadowSideView(
        model_id=model_id,
        name=entry.name,
        requests=entry.n_rows,
        errors=entry.n_errors,
        cost_per_1000_usd=money.to_usd(entry.cost_nanos_per_1000_rows),
        latency_p50_ms=entry.latency_p50_ms,
        latency_p95_ms=entry.latency_p95_ms,
        latency_p99_ms=entry.latency_p99_ms,
        tokens_in=entry.tokens_in,
        tokens_out=entry.tokens_out,
    )
