"""Which model serves: what a finished run decided, or what a person pinned."""

from gero.kit import Conflict, clock
from gero.leaderboards import candidates, store
from gero.leaderboards.candidates import Candidate
from gero.leaderboards.leaderboard import Leaderboard, Production
from gero.providers import target
from gero.providers.target import Target
from gero.ranking import Decision

_PINNED = "Pinned by hand."


def promote(leaderboard: Leaderboard, decision: Decision, *, prompt: str, run_id: str) -> Leaderboard:
    """Carry out a run's decision: serve its model with the prompt the run evaluated.

    Doing it twice does no harm. With a model pinned by hand, the pin is served whatever the ranking says.
    """
    pinned = leaderboard.model_selection.model_id
    serving_id = pinned or decision.candidate_id
    if serving_id is None:
        return _noted(leaderboard, run_id, leaderboard.production)
    candidate = candidates.get(leaderboard.workspace_id, leaderboard.id, serving_id)
    reason = _PINNED if pinned else decision.reason
    return _serve(leaderboard, candidate, prompt=prompt, run_id=run_id, reason=reason)


def select(leaderboard: Leaderboard, model_id: str | None, *, prompt: str) -> Leaderboard:
    """Serve another model at once, after a person changed the selection. `prompt` is that of the latest run.

    NotFound when the model is not on the leaderboard.
    """
    if model_id is None or leaderboard.latest_run_id is None:
        return leaderboard
    candidate = candidates.get(leaderboard.workspace_id, leaderboard.id, model_id)
    pinned = leaderboard.model_selection.mode == "manual"
    reason = _PINNED if pinned else "The top of the latest ranking."
    return _serve(leaderboard, candidate, prompt=prompt, run_id=leaderboard.latest_run_id, reason=reason)


def check_removable(leaderboard: Leaderboard, candidate_id: str) -> None:
    """Conflict when the candidate serves production, or is pinned and will after the first run."""
    if leaderboard.production and leaderboard.production.model_id == candidate_id:
        raise Conflict(
            "this model serves production; pin another one or let a run promote another one first",
            code="model_in_production",
        )
    if leaderboard.model_selection.model_id == candidate_id:
        raise Conflict("this model is pinned; pin another one or unpin it first", code="model_pinned")


def _serve(leaderboard: Leaderboard, candidate: Candidate, *, prompt: str, run_id: str, reason: str) -> Leaderboard:
    target.save(
        leaderboard.workspace_id,
        leaderboard.id,
        Target(candidate_id=candidate.id, name=candidate.name, prompt=prompt, endpoint=candidate.endpoint()),
    )
    before = leaderboard.production
    same = before is not None and before.model_id == candidate.id
    production = Production(
        model_id=candidate.id,
        name=candidate.name,
        run_id=run_id,
        since=before.since if before and same else clock.iso(),
        reason=reason,
    )
    return _noted(leaderboard, run_id, production)


def _noted(leaderboard: Leaderboard, run_id: str, production: Production | None) -> Leaderboard:
    return store.update(
        leaderboard.workspace_id,
        leaderboard.id,
        lambda current: current.model_copy(update={"latest_run_id": run_id, "production": production}),
    )
