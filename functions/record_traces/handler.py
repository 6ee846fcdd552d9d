"""Store the traces of inference requests, many to an object, and export them where a workspace has a collector.

Trigger: SQS trace queue.
May: dynamodb:GetItem, dynamodb:PutItem, kms:Decrypt, s3:PutObject, s3:PutObjectTagging, sqs:DeleteMessage,
    sqs:GetQueueAttributes, sqs:ReceiveMessage
"""

from collections import defaultdict
from typing import Any

import msgspec

from functions.record_traces.exporting import Of, export
from gero import traces
from gero.kit import log
from gero.traces import Trace, TraceMessage


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Store the event's traces by leaderboard; the messages of a leaderboard that failed are named as failed."""
    groups: dict[tuple[str, str, int | None], dict[str, Trace]] = defaultdict(dict)
    failed: list[str] = []
    stored: dict[str, list[Of]] = defaultdict(list)
    for record in event["Records"]:
        try:
            message = TraceMessage.decode(record["body"])
        except msgspec.ValidationError as error:
            log.failure("trace.unreadable", error, message_id=record["messageId"])
            failed.append(record["messageId"])
            continue
        owner = message.workspace_id, message.leaderboard_id
        groups[*owner, message.retention_days][record["messageId"]] = message.trace
    for (workspace_id, leaderboard_id, retention_days), found in groups.items():
        try:
            _store(workspace_id, leaderboard_id, list(found.values()), retention_days)
        except Exception as error:  # noqa: BLE001  one leaderboard's failure must not hold up the others
            log.failure("traces.not_stored", error, leaderboard_id=leaderboard_id, count=len(found))
            failed += found
        else:
            stored[workspace_id] += [(leaderboard_id, trace) for trace in found.values()]
    try:
        export(stored)
    except Exception as error:  # noqa: BLE001  what is stored must not be stored again because nobody took its copy
        log.failure("traces.not_exported", error)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _store(workspace_id: str, leaderboard_id: str, found: list[Trace], retention_days: int | None) -> None:
    found.sort(key=lambda trace: trace.trace_id)
    traces.record_all(workspace_id, leaderboard_id, "inference", found, retention_days)
