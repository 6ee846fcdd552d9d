"""Ask one candidate one block of rows, score the answers, and count the result exactly once.

Trigger: SQS evaluation queue, one message an invocation.
May: dynamodb:ConditionCheckItem, dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:UpdateItem,
    kms:Decrypt, s3:GetObject, s3:ListBucket, s3:PutObject, sqs:ChangeMessageVisibility, sqs:DeleteMessage,
    sqs:GetQueueAttributes, sqs:ReceiveMessage, sqs:SendMessage, states:SendTaskSuccess
"""

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from msgspec.structs import replace

from gero import evaluation, runs
from gero.evaluation import BatchJob, Finished, Halted, Tally
from gero.kit import log, queues, settings

_RESERVE_SECONDS = 10.0  # to store and to count what was answered
_PAUSE_SECONDS = 5  # between the parts of a batch: what was too slow a moment ago may need it


class Unwanted(Exception):
    """The run was cancelled or paused, or another delivery finished the batch."""


def handler(event: dict[str, Any], context: Any) -> Any:
    """Handle the event's messages; those that failed are named, so that the queue delivers them again."""
    processor = BatchProcessor(event_type=EventType.SQS)
    work = partial(_evaluate, remaining_ms=context.get_remaining_time_in_millis)
    return process_partial_response(event=event, record_handler=work, processor=processor, context=context)


def _evaluate(record: SQSRecord, *, remaining_ms: Callable[[], int]) -> None:
    job = BatchJob.decode(record.body)
    try:
        finished = _work(job, record, evaluation.time_left(remaining_ms(), _RESERVE_SECONDS))
    except Unwanted:
        log.event("batch.unwanted", run_id=job.run_id, batch=job.name)
        runs.rounds.wake_if_complete(job.workspace_id, job.run_id, job.round)
        return
    except Halted as halted:
        runs.pause(job, str(halted))
        return
    if finished is None:
        log.event("batch.handed_back", run_id=job.run_id, batch=job.name, parts=job.parts + 1)
        rest = replace(job, parts=job.parts + 1).encode()
        queues.send(settings.required("GERO_EVALUATION_QUEUE_URL"), [rest], delay_seconds=_PAUSE_SECONDS)
        return
    runs.rounds.take(job, finished)
    log.event("batch.done", run_id=job.run_id, batch=job.name, rows=finished.statistics.n_rows)


def _work(job: BatchJob, record: SQSRecord, deadline: float) -> Finished | None:
    lease = int(settings.required("GERO_LEASE_SECONDS"))
    url = settings.required("GERO_EVALUATION_QUEUE_URL")

    def keep_alive() -> None:
        try:
            # A short lease, renewed: when this process dies, others wait for seconds, not for the function's timeout.
            queues.hide(url, record.receipt_handle, lease)
            wanted = runs.rounds.is_wanted(job)
        except Exception as error:  # noqa: BLE001  a beat that was missed must not end the calls in flight
            log.failure("batch.heartbeat_missed", error, run_id=job.run_id, batch=job.name)
            return
        if not wanted:
            raise Unwanted

    def report(tally: Tally) -> None:
        with contextlib.suppress(Exception):  # for those who watch; the next one comes in two seconds
            runs.rounds.report(job, tally)

    keep_alive()
    redelivered = int(record.attributes.approximate_receive_count) > 1
    work = evaluation.evaluate(
        job,
        redelivered=redelivered,
        deadline=deadline,
        keep_alive=keep_alive,
        every_seconds=lease / 3,
        report=report,
    )
    try:
        return asyncio.run(work)
    except* Unwanted as group:
        raise Unwanted from group
