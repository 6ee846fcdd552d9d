"""Start the runs whose time has come, and look after runs that lost their workflow.

Trigger: EventBridge, every minute.
May: dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query, dynamodb:UpdateItem,
    states:DescribeExecution, states:StartExecution
"""

from typing import Any

from gero import leaderboards, runs
from gero.kit import GeroError, log


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Do what is due; each piece of work is claimed by a conditional write, so two ticks never do it twice."""
    started = 0
    for leaderboard in leaderboards.claim_due():
        try:
            leaderboards.start_run(leaderboard, "schedule")
            started += 1
        except GeroError as error:
            # Too few models, or the last run is still active: this time is skipped, the next one is set already.
            log.warning("schedule.skipped", leaderboard_id=leaderboard.id, code=error.code)
    return {"started": started, "looked_after": runs.look_after()}
