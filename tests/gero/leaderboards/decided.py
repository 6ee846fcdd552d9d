"""Runs that decide, for tests: evaluated without asking anybody."""

import os

from gero import leaderboards, ranking, runs
from gero.evaluation import BatchStatistics, EvaluationPlan, Finished, PlannedCandidate, pack_scores
from gero.kit import table
from gero.leaderboards import Leaderboard, LeaderboardPatch, ModelSelection, production
from gero.providers import target
from gero.providers.target import Target
from gero.ranking import Decision, Standing
from gero.runs import Run
from gero.traces import SCORE_SCALE
from tests.gero.plans import job_of, stored_plan

Evaluated = tuple[Run, EvaluationPlan, Standing]


def evaluated(
    made: Leaderboard,
    scores: dict[str, int],
    prompt: str = "Say {input}",
    rows: int = 3,
    errors: dict[str, int] | None = None,
) -> Evaluated:
    """A run in which each candidate had so many of the rows right, and failed on so many others."""
    run = leaderboards.start_run(leaderboards.get("w", made.id), "manual")
    present = [
        PlannedCandidate(one.id, one.name, leaderboards.candidates.resolved("w", one))
        for one in leaderboards.candidates.listed("w", made.id)
    ]
    plan = stored_plan(
        rows,
        rows_per_block=rows,
        leaderboard_id=made.id,
        run_id=run.id,
        candidates=tuple(present),
        prompt=prompt,
    )
    runs.rounds.dispatch(plan, 1, "token", os.environ["GERO_EVALUATION_QUEUE_URL"])
    for one in present:
        right = scores[one.name]
        packed = pack_scores([SCORE_SCALE] * right + [0] * (rows - right))
        statistics = BatchStatistics(one.id, 1, 0, rows, packed, n_errors=(errors or {}).get(one.name, 0))
        job = job_of(plan, candidate_id=one.id)
        runs.rounds.take(job, Finished("key", rows, statistics, None))
    return run, plan, ranking.rank_round(plan, 1)


def complete(made: Leaderboard, scores: dict[str, int], prompt: str = "Say {input}", rows: int = 3) -> Decision | None:
    """A run that was completed, and what it decided."""
    return production.complete_run(*evaluated(made, scores, prompt, rows))


def serving(made: Leaderboard) -> Target:
    """What serves; the leaderboard says the same."""
    found, shown = target.load(target.key("w", made.id)), leaderboards.get("w", made.id).production
    assert isinstance(found, Target)
    assert shown is not None
    assert (shown.model_id, shown.name) == (found.candidate_id, found.name)
    return found


def pin(made: Leaderboard, model_id: str | None) -> None:
    """Pin a model as a person does, or take the pin away."""
    selection = ModelSelection(mode="manual", model_id=model_id) if model_id else ModelSelection()
    changed = leaderboards.patch("w", made.id, LeaderboardPatch(model_selection=selection))
    production.select(changed, selection, by="token-1")


def forget_history(made: Leaderboard) -> None:
    """Make it a leaderboard from before there was a history."""
    pk = f"WS#w#LB#{made.id}"
    for kind in ("PROMOTION#", "SERVED#", "OUTBOX#"):
        for item in list(table.query(pk, kind)):
            table.delete(pk, item["sk"])
    found = table.get(pk, "TARGET", consistent=True) or {}
    table.put({name: found[name] for name in ("pk", "sk", "doc")})
