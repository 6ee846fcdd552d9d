"""A run driven handler by handler, as the state machine and the queue would."""

import json
from typing import Any

import boto3

from functions.dispatch_round.handler import handler as dispatch_round
from functions.evaluate_batch.handler import handler as evaluate_batch
from functions.finish_run.handler import handler as finish_run
from functions.plan_run.handler import handler as plan_run
from functions.rank_round.handler import handler as rank_round
from gero import leaderboards, runs
from gero.kit import settings
from gero.runs import Run
from tests.functions.conftest import Ready
from tests.functions.context import Context


def started(ready: Ready, **options: Any) -> Run:
    """A run that was started and not yet planned."""
    return leaderboards.start_run(leaderboards.get(ready.workspace, ready.leaderboard.id), "manual", **options)


def planned(ready: Ready, **options: Any) -> Run:
    """A run that was planned."""
    run = started(ready, **options)
    plan_run(ready.event("plan_run", "started", run=run.id), Context())
    return run


def dispatched(ready: Ready, **options: Any) -> Run:
    """A run whose first round's batches lie in the queue."""
    run = planned(ready, **options)
    dispatch_round(ready.event("dispatch_round", "first_round", run=run.id), Context())
    return run


def evaluated(ready: Ready, **options: Any) -> Run:
    """A run whose first round is evaluated."""
    run = dispatched(ready, **options)
    while records := received():
        answer = evaluate_batch({"Records": records}, Context())
        assert answer == {"batchItemFailures": []}
    return run


def ranked(ready: Ready, **options: Any) -> Run:
    """A run whose only round is ranked."""
    run = evaluated(ready, **options)
    rank_round(ready.event("rank_round", "first_round", run=run.id), Context())
    return run


def finished(ready: Ready, **options: Any) -> Run:
    """A run from start to end."""
    run = ranked(ready, **options)
    finish_run(ready.event("finish_run", "ranked", run=run.id), Context())
    return runs.get(run.workspace_id, run.leaderboard_id, run.id)


def received() -> list[dict[str, Any]]:
    """One message of the evaluation queue, as the record of an event; [] when there is none."""
    url = settings.required("GERO_EVALUATION_QUEUE_URL")
    found = boto3.client("sqs").receive_message(QueueUrl=url, AttributeNames=["All"]).get("Messages", [])
    return [
        {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": {},
            "eventSource": "aws:sqs",
        }
        for message in found
    ]


def batch(ready: Ready, case: str, run: Run, candidate: str) -> dict[str, Any]:
    """The payload of a batch, with the receipt of a message that is really in flight."""
    event = ready.event("evaluate_batch", case, run=run.id, candidate=candidate)
    url = settings.required("GERO_EVALUATION_QUEUE_URL")
    boto3.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps({"stands": "for the batch"}))
    event["Records"][0]["receiptHandle"] = received()[0]["receiptHandle"]
    return event
