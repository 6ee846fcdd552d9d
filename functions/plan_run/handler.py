"""Freeze what a run evaluates: the dataset's version, the candidates, the order of the rows.

Trigger: Step Functions, first state of a run.
May: dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query, dynamodb:UpdateItem, kms:Decrypt,
    s3:DeleteObject, s3:GetObject, s3:ListBucket, s3:PutObject, s3:PutObjectTagging
"""

from typing import Any

from gero import leaderboards, runs
from gero.kit import Conflict, log


def handler(event: dict[str, str], context: Any) -> dict[str, Any]:
    """Plan the run that the event names; its first round comes next."""
    run = runs.get(event["workspace_id"], event["leaderboard_id"], event["run_id"])
    if not run.active:
        raise Conflict(f"this run is {run.status} already")
    plan = leaderboards.plan_run(leaderboards.get(run.workspace_id, run.leaderboard_id), run)
    log.event("run.planned", run_id=run.id, rows=plan.rows, candidates=len(plan.candidates), rounds=plan.rounds)
    return {**event, "round": 1}
