"""Datasets: the queue of consolidations, and what makes new versions of pushed rows."""

from aws_cdk import Size
from constructs import Construct

from infra.data_stack import DataStack
from infra.function import Function
from infra.queue import Queue
from infra.runs import Runs

CONSOLIDATE_SECONDS = 900


class Datasets(Construct):
    """One message is one dataset whose waiting rows become a version."""

    def __init__(self, scope: Construct, construct_id: str, *, data: DataStack, runs: Runs) -> None:
        super().__init__(scope, construct_id)
        self.queue = Queue(self, "queue", visibility=CONSOLIDATE_SECONDS, receives=3)
        machine = runs.state_machine.state_machine_arn
        self.consolidate_dataset = Function(
            self,
            "consolidate_dataset",
            data,
            seconds=CONSOLIDATE_SECONDS,
            megabytes=1024,
            ephemeral_storage_size=Size.mebibytes(8192),  # two versions of 2 GB and the rows between them
            environment={"GERO_STATE_MACHINE_ARN": machine},
        )
        self.consolidate_dataset.may(data.rows, "dynamodb", "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query")
        self.consolidate_dataset.may(data.objects, "s3", "GetObject", "PutObject", "PutObjectTagging", "DeleteObject")
        self.consolidate_dataset.may(data.listing, "s3", "ListBucket")
        self.consolidate_dataset.may(machine, "states", "StartExecution")
        self.consolidate_dataset.consumes(self.queue, batch_size=1, concurrency=5)

    def may_be_asked_by(self, function: Function) -> None:
        """Let a function ask for consolidations."""
        function.may(self.queue.queue_arn, "sqs", "SendMessage")
        function.add_environment("GERO_CONSOLIDATION_QUEUE_URL", self.queue.queue_url)
