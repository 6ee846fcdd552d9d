"""Start the runs and the consolidations whose time has come, follow fine-tuning jobs, look after runs that lost their
workflow, send notifications that were not taken yet, sweep what was deleted.

Trigger: EventBridge, every minute.
May: dynamodb:BatchWriteItem, dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query,
    dynamodb:UpdateItem, events:PutEvents, kms:Decrypt, s3:DeleteObject, s3:GetObject, s3:ListBucket, s3:PutObject,
    sqs:SendMessage, states:DescribeExecution, states:SendTaskSuccess, states:StartExecution
"""

from typing import Any

import msgspec

from gero import datasets, leaderboards, models, reviews, runs


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Do what is due; each piece of work is claimed by a conditional write, so two ticks never do it twice."""
    looked_after = runs.look_after(
        tell=leaderboards.notifications.tell_waiting,
        fail=leaderboards.production.fail_run,
        wake=lambda run: reviews.wake_closed(run.workspace_id, run.id),
    )
    fired = leaderboards.run_due()
    queued, told = datasets.send_due_consolidations(), leaderboards.notifications.send_due()
    synced = models.sync_due()
    swept = leaderboards.sweep_deleted() + models.sweep_deleted()  # last, for it may take all the time there is
    done = {"looked_after": looked_after, "queued": queued, "synced": synced, "swept": swept, "told": told}
    return {**msgspec.to_builtins(fired), **done}
