"""What the API shows of a leaderboard's production: who serves, why, what was decided before, and who is told."""

from math import exp

from pydantic import BaseModel, Field

from gero.leaderboards import Leaderboard, ModelSelection, Production, notifications, promotions, webhooks
from gero.ranking import Evidence

_MAX_E_VALUE = 1e12  # more is as certain, and no client reads a number of 300 digits


class EvidenceView(BaseModel):
    """Challenger against champion on the rows both were scored on; an e-value is what betting on it would have won."""

    challenger_id: str
    rows: int
    difference: float = Field(description="Mean of challenger - champion, scores being 0 to 1")
    standard_error: float | None
    e_value: float = Field(description="That it is better")
    e_value_not_worse: float = Field(description="That it is not worse by more than the practical tie")
    e_value_needed: float
    exact: bool = Field(description="All rows there are were scored, so nothing is uncertain")


class PromotionView(BaseModel):
    """A decision on production: a run's (promote, hold, first, keep) or a person's (pin, unpin, rollback)."""

    id: str
    at: str
    action: str
    changed: bool = Field(description="Whether another model serves since")
    model_id: str | None
    model: str | None
    previous_model_id: str | None
    previous_model: str | None
    policy: str
    reason: str
    run_id: str | None
    by: str | None = Field(description="Id of the token of the person who decided")
    evidence: EvidenceView | None
    rows_needed: int | None
    can_be_served_again: bool = Field(description="Whether its id may be given to rollback")


class ProductionView(BaseModel):
    """What serves now, and why."""

    leaderboard_id: str
    production: Production | None
    model_selection: ModelSelection
    promotion_policy: str
    held: bool = Field(description="Rolled back to: runs change neither the model nor its prompt")
    latest_decision: PromotionView | None
    pending: EvidenceView | None = Field(description="Of the challenger that the latest decision held back")
    told: str


class PromotionList(BaseModel):
    """A page of decisions, newest first."""

    decisions: list[PromotionView]
    count: int
    limit: int
    offset: int


class WebhookView(BaseModel):
    """A webhook; `secret` is there only in the answer that made it."""

    url: str
    events: list[str]
    created_at: str
    updated_at: str
    called_at: str | None
    error: str | None = Field(description="What went wrong when it was called last")
    secret: str | None = None


class WaitingView(BaseModel):
    """An event that was not taken yet; without a next try it was given up."""

    id: str
    event: str
    at: str
    tries: int
    next_try_at: str | None
    error: str | None


class NotificationsView(BaseModel):
    """Where a leaderboard's events go, and which have not arrived."""

    webhook: WebhookView | None
    waiting: list[WaitingView]


class TestView(BaseModel):
    """Whether a test event arrived."""

    delivered: bool
    error: str | None


def production(found: Leaderboard) -> ProductionView:
    """The view of a leaderboard's production."""
    serving = promotions.serving(found)
    latest = next(promotions.listed(found.workspace_id, found.id, limit=1), None)
    held_back = latest.evidence if latest and latest.action == "hold" else None
    return ProductionView(
        leaderboard_id=found.id,
        production=found.production,
        model_selection=found.model_selection,
        promotion_policy=found.promotion_policy,
        held=serving.held,
        latest_decision=promotion(latest) if latest else None,
        pending=_evidence(held_back) if held_back else None,
        told=_told(found, held=serving.held),
    )


def promotion(found: promotions.Promotion) -> PromotionView:
    """The view of a decision."""
    return PromotionView(
        id=found.id,
        at=found.at,
        action=found.action,
        changed=found.changed,
        model_id=found.model_id,
        model=found.name,
        previous_model_id=found.previous_id,
        previous_model=found.previous_name,
        policy=found.policy,
        reason=found.reason,
        run_id=found.run_id,
        by=found.by,
        evidence=_evidence(found.evidence) if found.evidence else None,
        rows_needed=found.rows_needed,
        can_be_served_again=found.served_id is not None,
    )


def notified(workspace_id: str, leaderboard_id: str, secret: str | None = None) -> NotificationsView:
    """The view of a leaderboard's webhook, with its secret when that was just made, and of what has not arrived."""
    found = webhooks.find(workspace_id, leaderboard_id)
    webhook = _webhook(found, webhooks.outcome(workspace_id, leaderboard_id), secret) if found else None
    waiting = notifications.waiting(workspace_id, leaderboard_id)
    shown = [WaitingView(**{name: getattr(one, name) for name in WaitingView.model_fields}) for one in waiting]
    return NotificationsView(webhook=webhook, waiting=shown)


def _webhook(found: webhooks.Webhook, outcome: dict[str, str], secret: str | None) -> WebhookView:
    return WebhookView(
        url=found.url,
        events=list(found.events),
        created_at=found.created_at,
        updated_at=found.updated_at,
        called_at=outcome.get("called_at"),
        error=outcome.get("error") or None,
        secret=secret,
    )


def _evidence(found: Evidence) -> EvidenceView:
    return EvidenceView(
        challenger_id=found.challenger_id,
        rows=found.n_rows,
        difference=found.difference,
        standard_error=found.standard_error,
        e_value=_e_value(found.log_e_better),
        e_value_not_worse=_e_value(found.log_e_not_worse),
        e_value_needed=_e_value(found.log_threshold),
        exact=found.exact,
    )


def _e_value(log_e: float) -> float:
    return min(_MAX_E_VALUE, exp(min(log_e, 100.0)))


def _told(found: Leaderboard, *, held: bool) -> str:
    if found.production is None:
        return "No model serves yet; complete a run first."
    name = found.production.name
    if held:
        return (
            f"{name} serves exactly as it did before, and is pinned: runs change neither it nor its prompt until you"
            " pin another or follow the ranking again. Inference follows within seconds."
        )
    if found.model_selection.model_id:
        return f"{name} serves and is pinned: runs do not replace it."
    return f'{name} serves; a run replaces it when the policy "{found.promotion_policy}" allows.'
