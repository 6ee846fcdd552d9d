"""What the API shows of runs."""

from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from functions.api.ranking_views import EntryView, ResultView, entries, results, usd
from gero import runs
from gero.kit import clock, money
from gero.runs import Run


class ProgressView(BaseModel):
    """How far a run is; a cell is one model asked one row."""

    cells_total: int
    cells_done: int
    errors: int
    percent: float


class DecisionView(BaseModel):
    """What a run decided about production, and why."""

    action: str
    model_id: str | None
    previous_model_id: str | None
    policy: str
    reason: str
    rows_needed: int | None


class RunView(ResultView):
    """A run of a leaderboard; the ranking is interim while the run is active. `waits_for`: what a person has to do.

    In a list there are no `ranking`, `judge` and `human`, and a race names nobody: read one run to see them. `leader`,
    `models` and `rows` are of its ranking; null where there is none.
    """

    id: str
    leaderboard_id: str
    source: str
    status: str
    waits_for: str | None
    fresh: bool
    max_cost_usd: float | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    execution_seconds: float | None
    progress: ProgressView
    cost_usd: float
    dataset: dict[str, Any] | None
    leader: str | None
    models: int | None
    rows: int | None
    ranking: list[EntryView] | None
    ranking_summary: str | None
    decision: DecisionView | None
    error: str | None


class RunDetailView(RunView):
    """A run with what the leaderboard and its models were when it started."""

    configuration: dict[str, Any]


def run(found: Run) -> RunView:
    """The view of a run."""
    progress = runs.progress(found)
    document = found.ranking or found.outline or {}
    return RunView(
        **results(document),
        **_outline(found),
        id=found.id,
        leaderboard_id=found.leaderboard_id,
        source=found.source,
        status=found.status,
        waits_for=_waits_for(found),
        fresh=found.fresh,
        max_cost_usd=usd(found.max_cost_nanos),
        created_at=found.created_at,
        started_at=found.started_at,
        finished_at=found.finished_at,
        execution_seconds=_seconds(found),
        progress=ProgressView(
            cells_total=progress.cells_total,
            cells_done=progress.cells_done,
            errors=progress.errors,
            percent=round(100 * progress.cells_done / progress.cells_total, 1) if progress.cells_total else 0.0,
        ),
        cost_usd=money.to_usd(progress.cost_nanos),
        dataset=found.dataset,
        ranking=entries(found.ranking) if found.ranking else None,
        ranking_summary=document.get("summary"),
        decision=_decision(found.decision) if found.decision else None,
        error=found.error,
    )


def run_detail(found: Run) -> RunDetailView:
    """The view of a run with its configuration."""
    return RunDetailView(**run(found).model_dump(), configuration=runs.configuration(found))


def _outline(found: Run) -> dict[str, Any]:
    """Leader, models and rows. Of a run of before they are in its ranking, which lists do not read."""
    told = found.outline or {}
    if not told and found.ranking:
        listed = found.ranking["entries"]
        told = {"n_models": len(listed), "n_rows": max((one["n_rows"] for one in listed), default=0)}
        told |= {"leader": next((one["name"] for one in listed if one["n_scored"]), None)}
    return {"leader": told.get("leader"), "models": told.get("n_models"), "rows": told.get("n_rows")}


def _decision(document: dict[str, Any]) -> DecisionView:
    return DecisionView(
        action=document["action"],
        model_id=document["candidate_id"],
        previous_model_id=document["previous_id"],
        policy=document["policy"],
        reason=document["reason"],
        rows_needed=document["rows_needed"],
    )


def _waits_for(found: Run) -> str | None:
    if found.status == "paused":
        usd = Decimal(found.max_cost_nanos) / money.NANOS_PER_USD if found.max_cost_nanos is not None else None
        limit = "" if usd is None else f" (${usd.normalize():f})"
        return f"{found.waits_for or 'it is paused'}{limit}; resume it, with another limit if that is why, or cancel it"
    return "verdicts of people on its answers; close the review to end it" if found.status == "reviewing" else None


def _seconds(found: Run) -> float | None:
    if not found.started_at:
        return None
    end = clock.parse(found.finished_at) if found.finished_at else clock.now()
    return round((end - clock.parse(found.started_at)).total_seconds(), 3)
