"""Evaluation: the queue of batches, the workers that score them, and the end of batches nobody can score."""

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.data_stack import DataStack
from infra.function import Function
from infra.queue import Queue
from infra.settings import Settings

WORKER_SECONDS = 480
LEASE_SECONDS = 30  # renewed while a worker lives: how long the batch of a killed one waits for another
ABANDON_SECONDS = 60


class Evaluation(Construct):
    """One message is one batch: one model, up to N rows."""

    def __init__(self, scope: Construct, construct_id: str, *, data: DataStack) -> None:
        super().__init__(scope, construct_id)
        # The worker's timeout is the least Lambda accepts; the worker itself hides its message for one lease at a time.
        self.queue = Queue(
            self, "queue", visibility=WORKER_SECONDS, receives=3, dead_letter_visibility=6 * ABANDON_SECONDS
        )

        self.evaluate_batch = Function(
            self,
            "evaluate_batch",
            data,
            seconds=WORKER_SECONDS,
            megabytes=1024,
            environment={
                "GERO_EVALUATION_QUEUE_URL": self.queue.queue_url,
                "GERO_LEASE_SECONDS": str(LEASE_SECONDS),
            },
            # A worker hands what it could not finish to the next through its own queue, which Lambda would stop as a
            # runaway after 16 rounds. The run ends it instead: a batch of a run that is over is dropped.
            recursive_loop=lambda_.RecursiveLoop.ALLOW,
        )
        self.evaluate_batch.may(
            data.rows, "dynamodb", "ConditionCheckItem", "GetItem", "PutItem", "UpdateItem", "DeleteItem"
        )
        self.evaluate_batch.may(data.objects, "s3", "GetObject", "PutObject")
        self.evaluate_batch.may(data.listing, "s3", "ListBucket")
        self.evaluate_batch.may(data.secrets, "kms", "Decrypt")
        self.evaluate_batch.may(self.queue.queue_arn, "sqs", "ChangeMessageVisibility", "SendMessage")
        self.evaluate_batch.consumes(self.queue, batch_size=1, concurrency=Settings.of(self).worker_concurrency)

        self.abandon_batch = Function(self, "abandon_batch", data, seconds=ABANDON_SECONDS, megabytes=512)
        self.abandon_batch.may(data.rows, "dynamodb", "GetItem", "PutItem", "UpdateItem", "DeleteItem")
        self.abandon_batch.may(data.objects, "s3", "GetObject", "PutObject")
        self.abandon_batch.may(data.listing, "s3", "ListBucket")
        self.abandon_batch.consumes(self.queue.dead_letters, batch_size=10)

    def may_end_rounds_of(self, state_machine_arn: str) -> None:
        """Let both consumers tell the waiting state machine that the last batch of its round is done."""
        for function in (self.evaluate_batch, self.abandon_batch):
            function.may(state_machine_arn, "states", "SendTaskSuccess")
