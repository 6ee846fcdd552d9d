"""What the API shows: the documented shapes, dollars instead of nano-dollars, and nothing secret."""

from typing import Any

from pydantic import BaseModel

from gero import runs
from gero.kit import clock, money, settings
from gero.leaderboards import Leaderboard, ModelSelection, Production, PushSettings, ScheduleState
from gero.runs import Run


class LeaderboardView(PushSettings):
    """A leaderboard."""

    id: str
    name: str
    system_prompt: str
    dataset_type: str
    dataset_url: str | None
    field_mapping: dict[str, str]
    eval_type: str
    normalizers: list[str]
    concurrency: int
    model_selection: ModelSelection
    promotion_policy: str
    production: Production | None
    latest_run_id: str | None
    active_run_id: str | None
    schedule: dict[str, Any] | None
    next_run_at: str | None
    schedule_state: ScheduleState | None
    version: int
    created_at: str
    updated_at: str
    inference_url: str
    traces_url: str


class ModelView(BaseModel):
    """A candidate model of a leaderboard. Prices are dollars: numbers per million tokens, exact decimals per token."""

    id: str
    name: str
    platform: str
    endpoint_url: str | None
    model: str | None
    provider: str | None
    quantization: str | None
    drgero_model_id: str | None
    drgero_version: int | None
    auth_method: str
    auth_header_name: str | None
    has_auth_token: bool
    integration: str | None
    parameters: dict[str, Any]
    input_cost_per_million_usd: float
    output_cost_per_million_usd: float
    input_price_per_token: str
    output_price_per_token: str
    timeout_seconds: int
    created_at: str


class EntryView(BaseModel):
    """A row of a ranking."""

    model_id: str
    name: str
    rank: int
    rank_low: int
    rank_high: int
    rank_label: str
    score: float | None
    score_low: float | None
    score_high: float | None
    rows: int
    errors: int
    unscored: int
    not_asked: int
    cost_usd: float
    cost_per_1000_usd: float
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    latency_p99_ms: float | None
    tokens_in: int
    tokens_out: int
    first_error: str | None


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


class RunView(BaseModel):
    """A run of a leaderboard; the ranking is interim while the run is active."""

    id: str
    leaderboard_id: str
    source: str
    status: str
    created_at: str
    started_at: str | None
    finished_at: str | None
    execution_seconds: float | None
    progress: ProgressView
    cost_usd: float
    dataset: dict[str, Any] | None
    ranking: list[EntryView] | None
    ranking_summary: str | None
    decision: DecisionView | None
    error: str | None


class RunDetailView(RunView):
    """A run with what the leaderboard and its models were when it started."""

    configuration: dict[str, Any]


class RankingView(BaseModel):
    """The ranking of the latest completed run."""

    leaderboard_id: str
    run_id: str
    finished_at: str | None
    rows: int
    summary: str
    model_selection: ModelSelection
    production: Production | None
    entries: list[EntryView]
    gaps: list[dict[str, Any]]


class TokenView(BaseModel):
    """An API token; `secret` is there only in the answer that created it."""

    id: str
    name: str
    scopes: list[str]
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    secret: str | None = None


def leaderboard(found: Leaderboard, active_run_id: str | None, base_url: str) -> LeaderboardView:
    """The view of a leaderboard; `base_url` is that of the API as the client sees it."""
    stored = found.model_dump(exclude={"workspace_id"})
    return LeaderboardView(
        **stored,
        active_run_id=active_run_id,
        inference_url=f"{settings.required('GERO_INFERENCE_URL').rstrip('/')}/v1/leaderboard/{found.id}/inference",
        traces_url=f"{base_url}/api/leaderboards/{found.id}/traces",
    )


def run(found: Run) -> RunView:
    """The view of a run."""
    progress = runs.progress(found)
    decision = found.decision
    return RunView(
        id=found.id,
        leaderboard_id=found.leaderboard_id,
        source=found.source,
        status=found.status,
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
        ranking_summary=found.ranking["summary"] if found.ranking else None,
        decision=_decision(decision) if decision else None,
        error=found.error,
    )


def run_detail(found: Run) -> RunDetailView:
    """The view of a run with its configuration."""
    return RunDetailView(**run(found).model_dump(), configuration=runs.configuration(found))


def entries(document: dict[str, Any]) -> list[EntryView]:
    """The rows of a stored ranking."""
    return [_entry(entry, document.get("first_errors", {})) for entry in document["entries"]]


def _entry(entry: dict[str, Any], first_errors: dict[str, str]) -> EntryView:
    low, high = entry["rank_low"], entry["rank_high"]
    copied = {name: entry[name] for name in EntryView.model_fields if name in entry}
    return EntryView(
        **copied,
        model_id=entry["candidate_id"],
        rank_label=str(low) if low == high else f"{low}-{high}",
        rows=entry["n_scored"],
        errors=entry["n_errors"],
        unscored=entry["n_rows"] - entry["n_scored"],
        not_asked=entry.get("n_not_asked", 0),
        cost_usd=money.to_usd(entry["cost_nanos"]),
        cost_per_1000_usd=money.to_usd(entry["cost_nanos_per_1000_rows"]),
        first_error=first_errors.get(entry["candidate_id"]),
    )


def _decision(document: dict[str, Any]) -> DecisionView:
    return DecisionView(
        action=document["action"],
        model_id=document["candidate_id"],
        previous_model_id=document["previous_id"],
        policy=document["policy"],
        reason=document["reason"],
        rows_needed=document["rows_needed"],
    )


def _seconds(found: Run) -> float | None:
    if not found.started_at:
        return None
    end = clock.parse(found.finished_at) if found.finished_at else clock.now()
    return round((end - clock.parse(found.started_at)).total_seconds(), 3)
