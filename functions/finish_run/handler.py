"""End a run: decide on production and unlock the leaderboard; or note why the run failed.

Trigger: Step Functions, last state of a run; after a failure with `error`.
May: dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query, dynamodb:UpdateItem,
    events:PutEvents, kms:Decrypt, s3:GetObject, s3:ListBucket, s3:PutObject
"""

import json
from typing import Any

from msgspec.structs import replace

from gero import evaluation, leaderboards, ranking, reviews, runs
from gero.evaluation import EvaluationPlan
from gero.kit import log
from gero.ranking import Standing


def handler(event: dict[str, Any], context: Any) -> None:
    """Finish the run that the event names. Harmless when repeated."""
    run = runs.get(event["workspace_id"], event["leaderboard_id"], event["run_id"])
    if not run.active:
        log.event("run.already_ended", run_id=run.id, status=run.status)
        return
    if "error" in event:
        leaderboards.production.fail_run(run, _told(event["error"]))
        return
    plan = evaluation.plan.load(run.workspace_id, run.leaderboard_id, run.id)
    standing = ranking.final_standing(plan, event["round"] - 1)
    if not standing.answered:
        leaderboards.production.fail_run(run, _nothing_answered(standing), standing)
        return
    standing = _judged(plan, standing)
    decision = leaderboards.production.complete_run(run, plan, standing, standing.notes.get("provisional"))
    if decision:
        log.event("run.decided", run_id=run.id, action=decision.action, candidate_id=decision.candidate_id)


def _judged(plan: EvaluationPlan, standing: Standing) -> Standing:
    """The standing as people see it, or with what is known of the judge, whose answers people may review from now."""
    if plan.evaluation.type == "human":
        return reviews.conclude(plan, standing)
    if plan.evaluation.judge is None:
        return standing
    leaderboard = leaderboards.get(plan.workspace_id, plan.leaderboard_id)
    try:
        reviews.open_pool(plan, leaderboard.human)
    except Exception as error:  # noqa: BLE001  people can review the next run's answers; this one is paid for
        log.failure("review.not_opened", error, run_id=plan.run_id)
    return replace(standing, notes=standing.notes | leaderboards.trust.judged(leaderboard, plan, standing.statistics))


def _nothing_answered(standing: Standing) -> str:
    example = next(iter(standing.first_errors.values()), "no row was scored")
    return f"no model gave a single answer: {example}"


def _told(error: dict[str, str]) -> str:
    """The message inside what Step Functions caught: a Lambda's failure is JSON in `Cause`."""
    try:
        return str(json.loads(error["Cause"])["errorMessage"])
    except (KeyError, TypeError, ValueError):
        return f"{error.get('Error', 'unknown error')}: {error.get('Cause', '')}".rstrip(": ")
