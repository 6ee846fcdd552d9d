"""Send a round's batches to the workers; the workflow waits until the last of them is done.

Trigger: Step Functions with a task token.
May: dynamodb:GetItem, dynamodb:UpdateItem, s3:GetObject, sqs:SendMessage, states:SendTaskSuccess
"""

from typing import Any

from gero import evaluation, runs
from gero.kit import log, settings


def handler(event: dict[str, Any], context: Any) -> None:
    """Open the round that `event["run"]` stands at and queue its batches."""
    run = event["run"]
    plan = evaluation.plan.load(run["workspace_id"], run["leaderboard_id"], run["run_id"])
    queue_url = settings.required("GERO_EVALUATION_QUEUE_URL")
    batches = runs.rounds.dispatch(plan, run["round"], event["task_token"], queue_url, run.get("racers"))
    log.event("round.dispatched", run_id=plan.run_id, round=run["round"], batches=batches)
