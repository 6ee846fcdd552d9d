"""An SQS event source mapping: receives messages, invokes the function, deletes what succeeded.

Faithful: the function's role receives and deletes, long polling, batch size and window, maximum concurrency, the
event's shape, ReportBatchItemFailures (a malformed answer fails the whole batch). Failed messages come back when
their visibility timeout ends; moto moves them to the dead-letter queue on the receive after maxReceiveCount.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.backend.wiring import REGION, Outcome
from infra.local.compute.runtime import LambdaRuntime
from infra.local.inventory import QueueSource

_LOG = logging.getLogger(__name__)
_LONG_POLL_SECONDS = 20
_RECEIVE_LIMIT = 10  # of one ReceiveMessage
_PAUSE_AFTER_ERROR_SECONDS = 1.0

Message = dict[str, Any]


class QueuePoller:
    """Serves one event source until it is cancelled. Lives on the loop."""

    def __init__(self, source: QueueSource, queue_url: str, runtime: LambdaRuntime, sqs: Any) -> None:
        """`sqs` is a client with the role of the function, as on AWS: a missing grant stops the source."""
        self._source = source
        self._runtime = runtime
        self._sqs = sqs
        self._url = queue_url
        self._slots = asyncio.Semaphore(source.max_concurrency)
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Poll for ever; one batch is received only when the function may take one more."""
        while True:
            await self._slots.acquire()
            batch = await self._next_batch()
            task = asyncio.get_running_loop().create_task(self._handle(batch))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _next_batch(self) -> list[Message]:
        while True:
            try:
                if batch := await self._collect():
                    return batch
            except (ClientError, BotoCoreError) as error:
                _LOG.warning("receiving from %s: %s", self._source.queue_arn, error)
                await asyncio.sleep(_PAUSE_AFTER_ERROR_SECONDS)

    async def _collect(self) -> list[Message]:
        """The first messages that come, then what else comes within the batching window."""
        size = self._source.batch_size
        batch = await self._receive(min(size, _RECEIVE_LIMIT), _LONG_POLL_SECONDS)
        ends = time.monotonic() + self._source.window_seconds
        while batch and len(batch) < size:
            remaining = ends - time.monotonic()
            more = await self._receive(min(size - len(batch), _RECEIVE_LIMIT), max(0, round(remaining)))
            batch += more
            # Without a window a batch larger than one receive is filled with what is there already.
            if remaining <= 0 and not more:
                break
        return batch

    async def _receive(self, count: int, wait_seconds: int) -> list[Message]:
        answer = await asyncio.to_thread(
            self._sqs.receive_message,
            QueueUrl=self._url,
            MaxNumberOfMessages=count,
            WaitTimeSeconds=wait_seconds,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages: list[Message] = answer.get("Messages", [])
        return messages

    async def _handle(self, batch: list[Message]) -> None:
        try:
            event = {"Records": [record(message, self._source.queue_arn) for message in batch]}
            outcome = await self._runtime.invoke(self._source.function, json.dumps(event).encode())
            failed = failed_ids(outcome, [message["MessageId"] for message in batch], self._source.partial_failures)
            await self._delete([message for message in batch if message["MessageId"] not in failed])
        finally:
            self._slots.release()

    async def _delete(self, messages: list[Message]) -> None:
        for start in range(0, len(messages), _RECEIVE_LIMIT):
            entries = [
                {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
                for index, message in enumerate(messages[start : start + _RECEIVE_LIMIT])
            ]
            try:
                await asyncio.to_thread(self._sqs.delete_message_batch, QueueUrl=self._url, Entries=entries)
            except (ClientError, BotoCoreError) as error:
                _LOG.warning("deleting from %s: %s", self._source.queue_arn, error)


def record(message: Message, queue_arn: str) -> dict[str, Any]:
    """One message as Lambda gets it in `event["Records"]`."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {
            name: _message_attribute(value) for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }


def _message_attribute(value: dict[str, Any]) -> dict[str, Any]:
    shaped: dict[str, Any] = {"stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
    if "StringValue" in value:
        shaped["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        shaped["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    return shaped


def failed_ids(outcome: Outcome, ids: list[str], partial_failures: bool) -> set[str]:
    """The ids of the messages that stay in the queue after an invocation.

    With ReportBatchItemFailures an answer that is not understood, or that names an unknown message, fails the whole
    batch; an empty answer or an empty list is a success (Lambda's documented conditions).
    """
    everything = set(ids)
    if outcome.error:
        return everything
    if not partial_failures:
        return set()
    try:
        answer = json.loads(outcome.payload or b"null")
    except ValueError:
        return everything
    if answer is None or answer == {}:
        return set()
    failures = answer.get("batchItemFailures", ...) if isinstance(answer, dict) else ...
    if failures is None:
        return set()
    if not isinstance(failures, list) or not all(isinstance(failure, dict) for failure in failures):
        return everything
    named = {failure.get("itemIdentifier") for failure in failures}
    return named if named <= everything else everything
