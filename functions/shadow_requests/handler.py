"""Ask challengers what production has answered, off the hot path, and count how they compare.

Trigger: SQS shadow queue.
May: dynamodb:BatchGetItem, dynamodb:GetItem, dynamodb:PutItem, kms:Decrypt, s3:GetObject, s3:ListBucket, s3:PutObject,
    s3:PutObjectTagging, sqs:DeleteMessage, sqs:GetQueueAttributes, sqs:ReceiveMessage
"""

import asyncio
from collections import defaultdict
from typing import Any

import msgspec

from gero import evaluation, shadows
from gero.kit import log
from gero.shadows import ShadowRequest

_RESERVE_SECONDS = 10.0  # to keep and to count what was answered
_Groups = dict[tuple[str, str], dict[str, ShadowRequest]]


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Shadow the event's requests by leaderboard; the messages of a leaderboard that failed are named as failed."""
    deadline = evaluation.time_left(context.get_remaining_time_in_millis(), _RESERVE_SECONDS)
    groups: _Groups = defaultdict(dict)
    failed: list[str] = []
    for record in event["Records"]:
        try:
            request = ShadowRequest.decode(record["body"])
        except msgspec.DecodeError as error:
            log.failure("shadow.unreadable", error, message_id=record["messageId"])
            failed.append(record["messageId"])
            continue
        groups[request.workspace_id, request.leaderboard_id][record["messageId"]] = request
    failed += asyncio.run(_all(groups, deadline))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


async def _all(groups: _Groups, deadline: float) -> list[str]:
    """The messages of those leaderboards whose requests could not be counted."""
    work = [shadows.ask_challengers(*owner, list(found.values()), deadline) for owner, found in groups.items()]
    outcomes = await asyncio.gather(*work, return_exceptions=True)
    failed: list[str] = []
    for (owner, found), outcome in zip(groups.items(), outcomes, strict=True):
        if isinstance(outcome, BaseException):  # one leaderboard's failure must not hold up the others
            log.failure("shadows.not_counted", outcome, leaderboard_id=owner[1], count=len(found))
            failed += found
    return failed
