"""Schedule: once a minute, start what is due."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from infra.data_stack import DataStack
from infra.event_bus import default_event_bus
from infra.function import Function
from infra.queue import Queue
from infra.runs import Runs


class Schedule(Construct):
    """One rule for all leaderboards: their cron expressions are items of the table, not rules of the account."""

    def __init__(self, scope: Construct, construct_id: str, *, data: DataStack, runs: Runs, evaluation: Queue) -> None:
        super().__init__(scope, construct_id)
        machine = runs.state_machine.state_machine_arn
        environment = {"GERO_STATE_MACHINE_ARN": machine, "GERO_EVALUATION_QUEUE_URL": evaluation.queue_url}
        self.start_due = Function(self, "start_due", data, seconds=300, megabytes=512, environment=environment)
        self.start_due.may(
            data.rows_and_due_work,
            "dynamodb",
            *("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "BatchWriteItem"),
        )
        self.start_due.may(data.objects, "s3", "GetObject", "PutObject", "DeleteObject")
        self.start_due.may(data.listing, "s3", "ListBucket")
        self.start_due.may(data.secrets, "kms", "Decrypt")
        self.start_due.may(default_event_bus(self), "events", "PutEvents")
        self.start_due.may(evaluation.queue_arn, "sqs", "SendMessage")  # what a run lost is sent again
        self.start_due.may(machine, "states", "StartExecution", "SendTaskSuccess")
        self.start_due.may(runs.executions_arn, "states", "DescribeExecution")
        events.Rule(
            self,
            "every_minute",
            schedule=events.Schedule.rate(Duration.minutes(1)),
            # The next minute finds the same work due: a late repeat would only do it twice.
            targets=[targets.LambdaFunction(self.start_due, retry_attempts=0, max_event_age=Duration.minutes(1))],
        )
