"""Give up a batch that failed again and again: what it has answered counts, and its run still ends.

Trigger: SQS dead-letter queue of the evaluation queue.
May: dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:UpdateItem, s3:GetObject, s3:ListBucket,
    s3:PutObject, sqs:DeleteMessage, sqs:GetQueueAttributes, sqs:ReceiveMessage, states:SendTaskSuccess
"""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from gero import evaluation, runs
from gero.evaluation import BatchJob
from gero.kit import log

_REASON = "the platform could not finish this batch; its other rows are unscored"


def handler(event: dict[str, Any], context: Any) -> Any:
    """Mark the batches of the event's messages as abandoned."""
    processor = BatchProcessor(event_type=EventType.SQS)
    return process_partial_response(event=event, record_handler=_abandon, processor=processor, context=context)


def _abandon(record: SQSRecord) -> None:
    job = BatchJob.decode(record.body)
    if not runs.rounds.is_wanted(job):
        runs.rounds.wake_if_complete(job.workspace_id, job.run_id, job.round)
        return
    runs.rounds.take(job, evaluation.salvage(job), abandoned=_REASON)
    log.warning("batch.abandoned", run_id=job.run_id, batch=job.name)
