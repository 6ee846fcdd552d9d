"""SQS, as far as Gero sends and delays messages itself; receiving is the event source's work."""

import random
import time
from collections.abc import Sequence

from gero.kit import aws
from gero.kit.errors import Unavailable

MAX_BATCH = 10
_TRIES = 5


def send(url: str, bodies: Sequence[str], delay_seconds: int = 0) -> None:
    """Send messages, ten a call; those the service refuses are sent again, then Unavailable is raised."""
    for start in range(0, len(bodies), MAX_BATCH):
        _send_ten(url, list(bodies[start : start + MAX_BATCH]), delay_seconds)


def _send_ten(url: str, bodies: list[str], delay_seconds: int) -> None:
    for attempt in range(_TRIES):
        entries = [
            {"Id": str(index), "MessageBody": body, "DelaySeconds": delay_seconds} for index, body in enumerate(bodies)
        ]
        answer = aws.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)
        bodies = [bodies[int(failed["Id"])] for failed in answer.get("Failed", [])]
        if not bodies:
            return
        time.sleep(random.uniform(0, 0.1 * 2**attempt))
    raise Unavailable(f"the queue took none of {len(bodies)} messages; try again")


def hide(url: str, receipt_handle: str, seconds: int) -> None:
    """Keep a received message from others for `seconds` from now."""
    aws.client("sqs").change_message_visibility(QueueUrl=url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds)
