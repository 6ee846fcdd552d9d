"""End a run: decide on production and unlock the leaderboard; or note why the run failed.

Trigger: Step Functions, last state of a run; after a failure with `error`.
May: dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query, dynamodb:UpdateItem, s3:GetObject
"""

import json
from typing import Any

from gero import evaluation, leaderboards, ranking, runs
from gero.kit import log
from gero.ranking import Standing


def handler(event: dict[str, Any], context: Any) -> None:
    """Finish the run that the event names. Harmless when repeated."""
    run = runs.get(event["workspace_id"], event["leaderboard_id"], event["run_id"])
    if not run.active:
        log.event("run.already_ended", run_id=run.id, status=run.status)
        return
    if "error" in event:
        runs.finish(run, "failed", error=_told(event["error"]))
        return
    plan = evaluation.plan.load(run.workspace_id, run.leaderboard_id, run.id)
    standing = ranking.final_standing(plan)
    if not standing.answered:
        runs.finish(run, "failed", ranking=standing.document(), error=_nothing_answered(standing))
        return
    decision = leaderboards.production.complete_run(run, plan, standing)
    if decision:
        log.event("run.decided", run_id=run.id, action=decision.action, candidate_id=decision.candidate_id)


def _nothing_answered(standing: Standing) -> str:
    example = next(iter(standing.first_errors.values()), "no row was scored")
    return f"no model gave a single answer: {example}"


def _told(error: dict[str, str]) -> str:
    """The message inside what Step Functions caught: a Lambda's failure is JSON in `Cause`."""
    try:
        return str(json.loads(error["Cause"])["errorMessage"])
    except (KeyError, TypeError, ValueError):
        return f"{error.get('Error', 'unknown error')}: {error.get('Cause', '')}".rstrip(": ")
