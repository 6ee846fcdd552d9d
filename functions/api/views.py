"""What the API shows: the documented shapes, dollars instead of nano-dollars, and nothing secret."""

from typing import Any

from pydantic import BaseModel

from gero.kit import settings
from gero.leaderboards import (
    Leaderboard,
    ModelSelection,
    Production,
    PushSettings,
    ScheduleState,
    evaluation_settings,
    promotion_settings,
    serving_settings,
)


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
    answer_pattern: str | None
    judge: evaluation_settings.JudgeSettings
    human: evaluation_settings.HumanSettings
    racing: str
    reuse_answers: bool
    evaluation_target: str
    max_run_cost_usd: float | None
    concurrency: int
    model_selection: ModelSelection
    promotion_policy: str
    guardrails: promotion_settings.GuardrailSettings
    inference: serving_settings.InferenceSettings
    traces: serving_settings.TraceSettings
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


class BudgetView(BaseModel):
    """How a token's budget stands in its present period, in dollars: limit = used + remaining + held.

    `held` is set aside for requests in flight.
    """

    limit_usd: float
    used_usd: float
    remaining_usd: float
    held_usd: float
    reset_interval: str
    resets_at: str | None


class TokenView(BaseModel):
    """An API token; `secret` is there only in the answer that made it, `last_used_at` is right to five minutes."""

    id: str
    name: str
    scopes: list[str]
    last_four: str | None
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    rotated_at: str | None
    last_used_at: str | None
    budget_limit: float | None
    budget_reset_interval: str
    budget: BudgetView | None
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
