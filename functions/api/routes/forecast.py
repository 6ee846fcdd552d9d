"""What a run would ask, cost and take. Part of the runs' routes."""

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel

from functions.api.caller import Reader
from functions.api.run_input import RunInput
from gero import leaderboards
from gero.kit import money
from gero.leaderboards import forecast

router = APIRouter()


class ModelForecastView(BaseModel):
    """What one model is asked and costs. `basis`: `runs` when its own runs in the same words tell it (`measured_rows`
    of them), else `rows` of the dataset by the length of their texts, or mere `assumptions`.
    """

    model_id: str
    name: str
    calls: int
    reused_answers: int
    judge_calls: int
    tokens_in: int
    tokens_out: int
    cost_p50_usd: float
    cost_p90_usd: float
    judge_cost_p50_usd: float
    judge_cost_p90_usd: float
    basis: str
    measured_rows: int
    has_price: bool


class SavingView(BaseModel):
    """Which shares of the calls races save: in a close one, and in a clear one."""

    close: float
    clear: float


class ForecastView(BaseModel):
    """A run that was not started. Half of such runs stay below P50, nine of ten below P90; costs are in all, the
    judge's too. When it is `raced` all numbers are upper limits, as a race stops asking models that cannot win.

    `may_pause`: P90 is more than it may spend. `rows_from` tells what the rows are, `rows_estimated` that their number
    is not known. `notes` say how sure it is, for people.
    """

    rows: int
    rows_from: str
    rows_estimated: bool
    dataset_version: int | None
    calls: int
    reused_answers: int
    judge: str | None
    judge_calls: int
    tokens_in: int
    tokens_out: int
    cost_p50_usd: float
    cost_p90_usd: float
    minutes_p50: float
    minutes_p90: float
    raced: bool
    saving: SavingView | None
    max_cost_usd: float | None
    may_pause: bool
    models: list[ModelForecastView]
    notes: list[str]


@router.post("/forecast")
def forecast_run(
    caller: Reader, leaderboard_id: str, wanted: Annotated[RunInput | None, Body()] = None
) -> ForecastView:
    """What a run with this body would ask, cost and take. Nothing is started, and no model is asked."""
    leaderboard = leaderboards.get(caller.workspace_id, leaderboard_id)
    found = forecast.forecast(leaderboard, (wanted or RunInput()).options())
    shown = [_model(one) for one in found.models]
    limit = found.limit_nanos
    return ForecastView(
        rows=found.rows,
        rows_from=found.sample.source,
        rows_estimated=found.sample.about,
        dataset_version=found.sample.version,
        calls=sum(one.calls for one in shown),
        reused_answers=sum(one.reused_answers for one in shown),
        judge=found.judge,
        judge_calls=sum(one.judge_calls for one in shown),
        tokens_in=sum(one.tokens_in for one in shown),
        tokens_out=sum(one.tokens_out for one in shown),
        cost_p50_usd=money.to_usd(found.cost_nanos),
        cost_p90_usd=money.to_usd(found.cost_nanos_p90),
        minutes_p50=round(found.seconds / 60, 2),
        minutes_p90=round(found.seconds_p90 / 60, 2),
        raced=found.raced,
        saving=SavingView(close=found.saving[0], clear=found.saving[1]) if found.saving else None,
        max_cost_usd=None if limit is None else money.to_usd(limit),
        may_pause=limit is not None and found.cost_nanos_p90 > limit,
        models=shown,
        notes=list(found.notes),
    )


def _model(one: forecast.ModelForecast) -> ModelForecastView:
    return ModelForecastView(
        model_id=one.candidate_id,
        name=one.name,
        calls=one.calls,
        reused_answers=one.reused,
        judge_calls=one.judge_calls,
        tokens_in=one.tokens_in,
        tokens_out=one.tokens_out,
        cost_p50_usd=money.to_usd(one.cost_nanos),
        cost_p90_usd=money.to_usd(one.cost_nanos_p90),
        judge_cost_p50_usd=money.to_usd(one.judge_nanos),
        judge_cost_p90_usd=money.to_usd(one.judge_nanos_p90),
        basis=one.basis,
        measured_rows=one.measured_rows,
        has_price=one.has_price,
    )
