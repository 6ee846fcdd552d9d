"""Make pushed rows part of a new dataset version, and start a run on it where the leaderboard asks for one.

Trigger: SQS consolidation queue, one dataset a message.
May: dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query, dynamodb:UpdateItem, s3:DeleteObject,
    s3:GetObject, s3:ListBucket, s3:PutObject, s3:PutObjectTagging, sqs:DeleteMessage, sqs:GetQueueAttributes,
    sqs:ReceiveMessage, states:StartExecution
"""

from typing import Any

from gero import leaderboards
from gero.datasets import ConsolidationJob
from gero.kit import NotFound, log


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Consolidate what the messages name; those that failed are named and come again. Harmless when repeated."""
    failed = []
    for record in event["Records"]:
        try:
            _consolidate(ConsolidationJob.decode(record["body"]))
        except NotFound as error:
            log.event("consolidation.obsolete", message_id=record["messageId"], reason=error.message)
        except Exception as error:  # noqa: BLE001  one dataset's failure must not hold up the others
            log.failure("consolidation.failed", error, message_id=record["messageId"])
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _consolidate(job: ConsolidationJob) -> None:
    leaderboard = leaderboards.get(job.workspace_id, job.leaderboard_id)
    version = leaderboards.consolidate(leaderboard, leaderboard.rules())
    if version is None:
        return
    log.event("dataset.consolidated", leaderboard_id=leaderboard.id, version=version.number, rows=version.rows)
    if job.run or leaderboard.run_on_new_version:
        leaderboards.improve(leaderboard, version)
