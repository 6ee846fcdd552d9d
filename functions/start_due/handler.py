"""Start the runs whose time has come, look after runs that lost their workflow, sweep what was deleted.

Trigger: EventBridge, every minute.
May: dynamodb:BatchWriteItem, dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query,
    dynamodb:UpdateItem, s3:DeleteObject, s3:GetObject, s3:ListBucket, s3:PutObject, states:DescribeExecution,
    states:StartExecution
"""

from typing import Any

from gero import leaderboards, runs
from gero.kit import GeroError, log
from gero.leaderboards import Leaderboard


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Do what is due; each piece of work is claimed by a conditional write, so two ticks never do it twice."""
    looked_after = runs.look_after()
    started = sum(_started(leaderboard) for leaderboard in leaderboards.claim_due())
    return {"started": started, "looked_after": looked_after, "swept": leaderboards.sweep_deleted()}


def _started(leaderboard: Leaderboard) -> bool:
    try:
        leaderboards.start_run(leaderboard, "schedule")
    except GeroError as error:
        # Too few models, or the last run is still active: this time is skipped, the next one is set already.
        log.warning("schedule.skipped", leaderboard_id=leaderboard.id, code=error.code)
        return False
    except Exception as error:  # noqa: BLE001  one leaderboard's trouble must not keep the others waiting
        log.failure("schedule.failed", error, leaderboard_id=leaderboard.id)
        return False
    return True
