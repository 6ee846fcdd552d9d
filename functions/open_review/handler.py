"""Put a run's answers up for people to review; the workflow waits until they have decided, or closed it.

Trigger: Step Functions with a task token, after the last round of a run with human evaluation.
May: dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query, dynamodb:UpdateItem, s3:GetObject, s3:PutObject,
    states:SendTaskSuccess
"""

import contextlib
from typing import Any

from gero import evaluation, reviews, runs
from gero.kit import Conflict, log


def handler(event: dict[str, Any], context: Any) -> None:
    """Open the review of `event["run"]`. Harmless when repeated: the workflow then waits under the new task token."""
    asked = event["run"]
    run = runs.get(asked["workspace_id"], asked["leaderboard_id"], asked["run_id"])
    if not run.active:
        raise Conflict(f"this run is {run.status} already")
    plan = evaluation.plan.load(run.workspace_id, run.leaderboard_id, run.id)
    rows = reviews.open_pool(plan, reviews.settings_of(run), task_token=event["task_token"])
    with contextlib.suppress(Conflict):  # there was nothing to review, and the run has ended by now
        runs.await_review(run)
    log.event("review.opened", run_id=run.id, leaderboard_id=run.leaderboard_id, rows=rows)
