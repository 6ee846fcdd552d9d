"""Models of OpenRouter that keep to a team's limits: shown first, added when it says so."""

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel

from functions.api.caller import SCHEMES, Writer
from functions.api.routes.base_models import CatalogueView
from functions.api.views import ModelView
from gero import access, leaderboards
from gero.kit import clock, money
from gero.leaderboards import AutoSelectInput, auto_select, candidates

router = APIRouter(prefix="/api/leaderboards/{leaderboard_id}/models", tags=["models"], dependencies=SCHEMES)


class ChoiceView(BaseModel):
    """A chosen model. `provider`: the only one that may answer, where a limit of latency asks for it.

    Latencies are milliseconds: to the first token, or, when `latency_basis` is `measured`, of whole answers in the
    leaderboard's latest run. `model_id`: the candidate, once it is on the leaderboard.
    """

    model: str
    name: str
    provider: str | None
    quantization: str | None
    input_cost_per_million_usd: float
    output_cost_per_million_usd: float
    context_length: int | None
    open_weights: bool
    latency_p95_ms: float | None
    latency_p99_ms: float | None
    latency_basis: str | None
    reason: str
    model_id: str | None


class AutoSelectView(BaseModel):
    """The choice, and why not the other models: how many for each reason.

    Each of the `considered` models is `eligible` or counted in `rejected`; `not_needed` are eligible beyond the count.
    """

    dry_run: bool
    chosen: list[ChoiceView]
    rejected: dict[str, int]
    eligible: int
    considered: int
    catalogue: CatalogueView
    added: int
    models: list[ModelView]


@router.post("/auto-select")
def auto_select_models(
    caller: Writer, leaderboard_id: str, wanted: Annotated[AutoSelectInput | None, Body()] = None
) -> AutoSelectView:
    """Choose models of OpenRouter within limits of price and latency, spread over the price. A dry run adds nothing.

    The same call within an hour gives the same choice, so that what is added is what was shown; `refresh` chooses anew.
    """
    wanted = wanted or AutoSelectInput()
    leaderboard = leaderboards.get(caller.workspace_id, leaderboard_id)
    if not wanted.dry_run:
        leaderboards.check_enough_rows(leaderboard)
    limits = wanted.limits(access.plans.of(caller.workspace_id))
    made = auto_select.choose(leaderboard, limits, refresh=wanted.refresh)
    added = [] if wanted.dry_run else auto_select.add(leaderboard, made.chosen)
    there = {model: one.id for model, one in auto_select.present(leaderboard).items()}
    age = int((clock.now() - clock.parse(made.fetched_at)).total_seconds())
    return AutoSelectView(
        dry_run=wanted.dry_run,
        chosen=[_view(one, there.get(one.model)) for one in made.chosen],
        rejected=made.rejected,
        eligible=made.eligible,
        considered=made.considered,
        catalogue=CatalogueView(fetched_at=made.fetched_at, age_seconds=max(0, age), stale=made.stale),
        added=len(added),
        models=[ModelView.model_validate(candidates.shown(caller.workspace_id, one)) for one in added],
    )


def _view(one: auto_select.Choice, model_id: str | None) -> ChoiceView:
    latency = one.latency
    return ChoiceView(
        model=one.model,
        name=one.name,
        provider=one.provider,
        quantization=one.quantization,
        input_cost_per_million_usd=money.to_usd(one.input_nanos),
        output_cost_per_million_usd=money.to_usd(one.output_nanos),
        context_length=one.context_length,
        open_weights=one.open_weights,
        latency_p95_ms=latency.p95_ms if latency else None,
        latency_p99_ms=latency.p99_ms if latency else None,
        latency_basis=latency.basis if latency else None,
        reason=one.reason,
        model_id=model_id,
    )
