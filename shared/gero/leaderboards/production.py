"""Which model serves: what a finished run decided, or what a person pinned.

The leaderboard, its inference target and the run that decided change in one transaction, so that what is shown is what
is served, and why.
"""

from typing import Any

import msgspec

from gero import ranking, runs
from gero.evaluation import EvaluationPlan
from gero.evaluation import plan as plans
from gero.kit import Conflict, NotFound, Unavailable, clock, table
from gero.kit.table import Write
from gero.leaderboards import candidates, notifications, promotions, store
from gero.leaderboards.leaderboard import Leaderboard, ModelSelection, Production
from gero.leaderboards.promotions import Change, Serving
from gero.providers.serving import MAX_RANKED, Ranked, RankedModel, ranked_item
from gero.providers.target import Target
from gero.ranking import Decision, PairSums, Standing
from gero.runs import Run

_PINNED = "The production model is pinned by hand."
_TRIES = 5


def complete_run(run: Run, plan: EvaluationPlan, standing: Standing, provisional: str | None = None) -> Decision | None:
    """End a run with its ranking, decide on production, serve what was decided and record why, all at once; then tell.

    `provisional`: why the ranking cannot be trusted yet. None when the run had ended before; then nothing changes.
    """
    for _ in range(_TRIES):
        leaderboard = store.get(run.workspace_id, run.leaderboard_id)
        decision = _decide(leaderboard, plan, standing, provisional)
        told = {"ranking": standing.document(), "decision": msgspec.to_builtins(decision)}
        also = _decided(leaderboard, run, plan, decision, told["ranking"])
        if runs.finish(run, "completed", also=also, **told):
            notifications.send_now(run.workspace_id, run.leaderboard_id)
            return decision
        if not runs.get(run.workspace_id, run.leaderboard_id, run.id).active:
            return None
    raise Unavailable("the leaderboard is being changed by others; try again")


def fail_run(run: Run, error: str, standing: Standing | None = None) -> None:
    """End a run that came to nothing, with what is known of it, and tell. Harmless when it has ended."""
    try:
        name = store.get(run.workspace_id, run.leaderboard_id).name
    except NotFound:  # deleted meanwhile: there is nobody to tell
        runs.finish(run, "failed", error=error)
        return
    known = {"ranking": standing.document()} if standing else {}
    also = [notifications.of_run(run, "run.failed", leaderboard=name, error=error)]
    if runs.finish(run, "failed", also=also, error=error, **known):
        notifications.send_now(run.workspace_id, run.leaderboard_id)


def select(leaderboard: Leaderboard, selection: ModelSelection, by: str = promotions.NOBODY) -> Leaderboard:
    """Serve what a person just selected, at once when a run was completed: the pinned model, or, when the pin is
    taken away, the top of the latest ranking that is still on the leaderboard. `by`: the id of their token.
    """
    if leaderboard.latest_run_id is None:
        return leaderboard  # takes effect with the first completed run
    run = runs.get(leaderboard.workspace_id, leaderboard.id, leaderboard.latest_run_id)
    plan = plans.load(run.workspace_id, run.leaderboard_id, run.id)
    present = {one.id for one in candidates.listed(leaderboard.workspace_id, leaderboard.id)}
    wanted = selection.model_id or next((one for one in _ranked(run.ranking or {}) if one in present), None)
    reason = _PINNED if selection.model_id else "The top of the latest ranking, chosen when the pin was taken away."
    change = Change("pin" if selection.model_id else "unpin", reason, by=by, run_id=plan.run_id)
    for _ in range(_TRIES):
        try:
            table.transact(_serving(leaderboard, wanted, plan, change))
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


def _decide(leaderboard: Leaderboard, plan: EvaluationPlan, standing: Standing, provisional: str | None) -> Decision:
    champion = leaderboard.production.model_id if leaderboard.production else None
    pinned = leaderboard.model_selection.model_id
    if pinned:
        return Decision("keep", pinned, champion, leaderboard.promotion_policy, _PINNED)
    return ranking.decide(
        standing.ranking,
        _pairs(standing, champion) if champion else {},
        champion_id=champion,
        policy=leaderboard.promotion_policy,
        guardrails=leaderboard.guardrails.guardrails(),
        provisional=provisional,
        # People compare a part of the rows, so a mean on exactly all of them is not known.
        target="traffic" if plan.evaluation.type == "human" else plan.target,
        total_rows=plan.rows,
        graded=plan.evaluation.type != "exact",
        max_challengers=_opponents(standing, champion),
        tied=standing.race.tied if standing.race else (),
    )


def _opponents(standing: Standing, champion_id: str | None) -> int | None:
    """How many models and versions the champion has met, those that are gone included: each was a chance to err."""
    return standing.evidence.opponents(champion_id) if standing.evidence and champion_id else None


def _pairs(standing: Standing, champion_id: str) -> dict[str, PairSums]:
    """What all runs know of each challenger and the champion; of a standing without it, what this run does."""
    if standing.evidence is None:
        return standing.statistics.pairs_against(champion_id)
    return standing.evidence.against(champion_id)


def _decided(
    leaderboard: Leaderboard, run: Run, plan: EvaluationPlan, decision: Decision, ranking: dict[str, Any]
) -> list[Write]:
    change = Change(
        decision.action,
        decision.reason,
        run_id=run.id,
        evidence=decision.evidence,
        rows_needed=decision.rows_needed,
    )
    told = {"summary": str(ranking["summary"]), "action": decision.action, "reason": decision.reason}
    endpoints = {one.id: one for one in plan.candidates}
    present = {one.id for one in candidates.listed(leaderboard.workspace_id, leaderboard.id)}
    order = [one for one in _ranked(ranking) if one in endpoints and one in present][:MAX_RANKED]
    others = tuple(RankedModel(one, endpoints[one].name, endpoints[one].endpoint) for one in order)
    return [
        *_serving(leaderboard, decision.candidate_id, plan, change),
        Write(ranked_item(leaderboard.workspace_id, leaderboard.id, Ranked(plan.prompt, others))),
        notifications.of_run(run, "run.completed", leaderboard=leaderboard.name, **told),
    ]


def _ranked(ranking: dict[str, Any]) -> list[str]:
    """The models of a ranking, best first, that were asked everything they should have been."""
    entries = ranking.get("entries", [])
    return [one["candidate_id"] for one in entries if one["n_scored"] and not one.get("n_not_asked")]


def _serving(leaderboard: Leaderboard, model_id: str | None, plan: EvaluationPlan, change: Change) -> list[Write]:
    """The writes that put a model into production, as the run of `plan` evaluated it, and record the change."""
    now, before = promotions.serving(leaderboard), leaderboard.production
    target = _target(leaderboard, model_id, plan, now, change)
    record, recorded = promotions.writes(leaderboard, msgspec.structs.replace(change, target=target), now)
    production = before
    if target:
        production = Production(
            model_id=target.candidate_id,
            name=target.name,
            run_id=plan.run_id,
            since=before.since if before and before.model_id == target.candidate_id else clock.iso(),
            reason=change.reason,
        )
    return [
        *store.writes(leaderboard, latest_run_id=plan.run_id, production=production),
        *recorded,
        *notifications.of_promotion(leaderboard, record),
    ]


def _target(
    leaderboard: Leaderboard, model_id: str | None, plan: EvaluationPlan, now: Serving, change: Change
) -> Target | None:
    """What is to be called for the model; None to leave what serves as it is."""
    if model_id is None:
        return None
    present = {one.id: one for one in candidates.listed(leaderboard.workspace_id, leaderboard.id)}
    if now.target and now.target.candidate_id == model_id:
        by_run = change.action not in ("pin", "unpin")
        if model_id not in present or (now.held and by_run):
            return None  # gone, or rolled back to: it serves on as it is
    candidate = present.get(model_id) or candidates.get(leaderboard.workspace_id, leaderboard.id, model_id)
    evaluated = (one.endpoint for one in plan.candidates if one.id == candidate.id)
    endpoint = next(evaluated, None) or candidates.resolved(leaderboard.workspace_id, candidate)
    return Target(candidate_id=candidate.id, name=candidate.name, prompt=plan.prompt, endpoint=endpoint)
