"""Which earlier runs have asked a leaderboard's candidates the same: their answers need not be paid for again."""

from collections.abc import Iterator

from gero import runs
from gero.evaluation import Earlier, Evaluation, EvaluationPlan, PlannedCandidate
from gero.evaluation import plan as plans
from gero.kit import NotFound
from gero.leaderboards.leaderboard import Leaderboard

_RUNS_LOOKED_AT = 20
_RUNS_KEPT = 4  # of a candidate; each run holds what it took over from those before it


def found(
    leaderboard: Leaderboard, planned: tuple[PlannedCandidate, ...], evaluation: Evaluation
) -> tuple[PlannedCandidate, ...]:
    """The candidates, each with the newest earlier runs that asked the same model in the same words.

    `evaluation`: what scores them now; what was scored otherwise is no evidence.
    """
    known = list(_plans(leaderboard))
    kept = []
    for one in planned:
        own = [
            Earlier(plan.run_id, before.id, completed and plan.evaluation.identity == evaluation.identity)
            for plan, completed in known
            for before in plan.candidates
            if plan.prompt == leaderboard.system_prompt and before.asks_like(one)
        ]
        kept.append(PlannedCandidate(one.id, one.name, one.endpoint, tuple(own[:_RUNS_KEPT])))
    return tuple(kept)


def _plans(leaderboard: Leaderboard) -> Iterator[tuple[EvaluationPlan, bool]]:
    """Plans of runs that have ended, newest first, and whether the run was completed."""
    for run in runs.listed(leaderboard.workspace_id, leaderboard.id, _RUNS_LOOKED_AT):
        if run.active or run.started_at is None:
            continue
        try:
            plan = plans.load(run.workspace_id, run.leaderboard_id, run.id)
        except NotFound:
            continue
        if plan.starts:
            yield plan, run.status == "completed"
