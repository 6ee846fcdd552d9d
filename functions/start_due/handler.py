"""Start the runs and the consolidations whose time has come, follow fine-tuning jobs, look after runs that lost their
workflow, send notifications that were not taken yet, sweep what was deleted.

Trigger: EventBridge, every minute.
May: dynamodb:BatchWriteItem, dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query,
    dynamodb:UpdateItem, events:PutEvents, kms:Decrypt, s3:DeleteObject, s3:GetObject, s3:ListBucket, s3:PutObject,
    sqs:SendMessage, states:DescribeExecution, states:StartExecution
"""

from typing import Any

import msgspec

from gero import datasets, leaderboards, models, runs


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Do what is due; each piece of work is claimed by a conditional write, so two ticks never do it twice."""
    looked_after = runs.look_after(tell=leaderboards.notifications.tell_waiting, fail=leaderboards.production.fail_run)
    fired = leaderboards.run_due()
    queued, swept = datasets.send_due_consolidations(), leaderboards.sweep_deleted()
    swept += models.sweep_deleted()
    told = leaderboards.notifications.send_due()
    done = {"looked_after": looked_after, "queued": queued, "synced": models.sync_due(), "swept": swept, "told": told}
    return {**msgspec.to_builtins(fired), **done}
