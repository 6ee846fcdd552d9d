"""Which model serves: what a finished run decided, or what a person pinned.

The leaderboard, its inference target and the run that decided change in one transaction, so that what is shown is what
is served, and why.
"""

import msgspec

from gero import ranking, runs
from gero.evaluation import EvaluationPlan
from gero.evaluation import plan as plans
from gero.kit import Conflict, Unavailable, clock, table
from gero.kit.table import Write
from gero.leaderboards import candidates, store
from gero.leaderboards.leaderboard import Leaderboard, ModelSelection, Production
from gero.providers import target
from gero.providers.target import Target
from gero.ranking import Decision, Standing
from gero.runs import Run

_PINNED = "The production model is pinned by hand."
_TRIES = 5


def complete_run(run: Run, plan: EvaluationPlan, standing: Standing) -> Decision | None:
    """End a run with its ranking, decide on production, and serve what was decided, all at once.

    None when the run had ended before; then nothing changes.
    """
    for _ in range(_TRIES):
        leaderboard = store.get(run.workspace_id, run.leaderboard_id)
        decision = _decide(leaderboard, standing)
        writes = _serving(leaderboard, decision.candidate_id, plan, decision.reason)
        told = {"ranking": standing.document(), "decision": msgspec.to_builtins(decision)}
        if runs.finish(run, "completed", also=writes, **told):
            return decision
        if not runs.get(run.workspace_id, run.leaderboard_id, run.id).active:
            return None
    raise Unavailable("the leaderboard is being changed by others; try again")


def select(leaderboard: Leaderboard, selection: ModelSelection) -> Leaderboard:
    """Serve what a person just selected, at once when a run was completed: the pinned model, or, when the pin is
    taken away, the top of the latest ranking that is still on the leaderboard.
    """
    if leaderboard.latest_run_id is None:
        return leaderboard  # takes effect with the first completed run
    run = runs.get(leaderboard.workspace_id, leaderboard.id, leaderboard.latest_run_id)
    plan = plans.load(run.workspace_id, run.leaderboard_id, run.id)
    present = {one.id for one in candidates.listed(leaderboard.workspace_id, leaderboard.id)}
    entries = (run.ranking or {}).get("entries", [])
    ranked = [one["candidate_id"] for one in entries if one["n_scored"] and not one.get("n_not_asked")]
    wanted = selection.model_id or next((one for one in ranked if one in present), None)
    reason = _PINNED if selection.model_id else "The top of the latest ranking, chosen when the pin was taken away."
    for _ in range(_TRIES):
        try:
            table.transact(_serving(leaderboard, wanted, plan, reason))
        except Conflict:
            leaderboard = store.get(leaderboard.workspace_id, leaderboard.id)
            if leaderboard.model_selection != selection:
                return leaderboard  # somebody has selected anew
            continue
        return store.get(leaderboard.workspace_id, leaderboard.id)
    raise Unavailable("the leaderboard is being changed by others; try again")


def check_removable(leaderboard: Leaderboard, candidate_id: str) -> None:
    """Conflict when the candidate serves production, or is pinned and will after the first run."""
    if leaderboard.model_selection.model_id == candidate_id:
        raise Conflict("this model is pinned; pin another one or unpin it first", code="model_pinned")
    if leaderboard.production and leaderboard.production.model_id == candidate_id:
        raise Conflict(
            "this model serves production; pin another one or let a run promote another one first",
            code="model_in_production",
        )


def _decide(leaderboard: Leaderboard, standing: Standing) -> Decision:
    champion = leaderboard.production.model_id if leaderboard.production else None
    pinned = leaderboard.model_selection.model_id
    if pinned:
        return Decision("keep", pinned, champion, leaderboard.promotion_policy, _PINNED)
    return ranking.decide(
        standing.ranking,
        standing.statistics.pairs_against(champion) if champion else {},
        champion_id=champion,
        policy=leaderboard.promotion_policy,
    )


def _serving(leaderboard: Leaderboard, model_id: str | None, plan: EvaluationPlan, reason: str) -> list[Write]:
    """The writes that put a model into production, as the run of `plan` evaluated it."""
    if model_id is None:
        return store.writes(leaderboard, latest_run_id=plan.run_id)
    candidate = candidates.get(leaderboard.workspace_id, leaderboard.id, model_id)
    before = leaderboard.production
    production = Production(
        model_id=candidate.id,
        name=candidate.name,
        run_id=plan.run_id,
        since=before.since if before and before.model_id == candidate.id else clock.iso(),
        reason=reason,
    )
    evaluated = (one.endpoint for one in plan.candidates if one.id == candidate.id)
    endpoint = next(evaluated, None) or candidates.resolved(leaderboard.workspace_id, candidate)
    served = Target(candidate_id=candidate.id, name=candidate.name, prompt=plan.prompt, endpoint=endpoint)
    return [
        *store.writes(leaderboard, latest_run_id=plan.run_id, production=production),
        Write(target.item(target.key(leaderboard.workspace_id, leaderboard.id), served)),
    ]
