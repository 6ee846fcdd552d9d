"""Runs: the state machine that plans, evaluates round by round, ranks and finishes."""

from typing import Any

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Size, Stack
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from infra.data_stack import DataStack
from infra.event_bus import default_event_bus
from infra.function import LOG_RETENTION, Function
from infra.queue import Queue

SERVICE_ERRORS = [
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
]
PAUSE_DAYS = 30  # how long a run that has spent what it may waits for somebody to resume it
REVIEW_DAYS = 90  # that people have; then the run ends with what they said until then
REFUSALS = ["Invalid", "PaymentRequired", "Conflict", "NotFound", "TooLarge"]


class Runs(Construct):
    """PlanRun, DispatchRound and RankRound until nothing is left to learn, OpenReview where people decide, FinishRun.

    The input is {"workspace_id", "leaderboard_id", "run_id"}; every step passes that object on, with "round" (from 1)
    and, after RankRound, "finished", "review" and "racers".
    """

    def __init__(self, scope: Construct, construct_id: str, *, data: DataStack, queue: Queue) -> None:
        super().__init__(scope, construct_id)
        disk = Size.mebibytes(8192)
        self.plan_run = Function(self, "plan_run", data, seconds=900, megabytes=2048, ephemeral_storage_size=disk)
        self.plan_run.may(data.rows, "dynamodb", "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query")
        self.plan_run.may(data.objects, "s3", "GetObject", "PutObject", "PutObjectTagging", "DeleteObject")
        self.plan_run.may(data.listing, "s3", "ListBucket")
        self.plan_run.may(data.secrets, "kms", "Decrypt")

        to_queue = {"GERO_EVALUATION_QUEUE_URL": queue.queue_url}
        self.dispatch_round = Function(self, "dispatch_round", data, seconds=300, megabytes=512, environment=to_queue)
        self.dispatch_round.may(data.rows, "dynamodb", "GetItem", "UpdateItem")
        self.dispatch_round.may(data.objects, "s3", "GetObject")
        self.dispatch_round.may(queue.queue_arn, "sqs", "SendMessage")

        self.rank_round = Function(self, "rank_round", data, seconds=300, megabytes=1024)
        self.rank_round.may(data.rows, "dynamodb", "GetItem", "UpdateItem", "Query")
        self.rank_round.may(data.objects, "s3", "GetObject", "PutObject")

        self.open_review = Function(self, "open_review", data, seconds=300, megabytes=1024)
        self.open_review.may(data.rows, "dynamodb", "GetItem", "PutItem", "UpdateItem", "Query")
        self.open_review.may(data.objects, "s3", "GetObject", "PutObject")

        self.finish_run = Function(self, "finish_run", data, seconds=300, megabytes=1024)
        self.finish_run.may(data.rows, "dynamodb", "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query")
        self.finish_run.may(data.objects, "s3", "GetObject", "PutObject")
        self.finish_run.may(data.listing, "s3", "ListBucket")
        self.finish_run.may(data.secrets, "kms", "Decrypt")
        self.finish_run.may(default_event_bus(self), "events", "PutEvents")

        self.state_machine = sfn.StateMachine(
            self,
            "state_machine",
            definition_body=sfn.DefinitionBody.from_chainable(self._definition()),
            timeout=Duration.days(360),  # a year is the most: all pauses and the review of a run together
            logs=self._error_log(),
        )
        for function in (self.dispatch_round, self.open_review):
            function.may_later(self.state_machine.state_machine_arn, "states", "SendTaskSuccess")

    @property
    def executions_arn(self) -> str:
        """ARN of every execution of the state machine, for grants."""
        return Stack.of(self).format_arn(
            service="states",
            resource="execution",
            resource_name=f"{self.state_machine.state_machine_name}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def _definition(self) -> sfn.IChainable:
        # The Fail state shows people the error that FailRun was given, so FailRun keeps its input.
        failed = sfn.Fail(self, "Failed", error_path="$.error.Error", cause_path="$.error.Cause")
        fail_run = self._step("FailRun", self.finish_run, result_path=sfn.JsonPath.DISCARD, otherwise=failed)
        fail_run.next(failed)

        plan = self._step("PlanRun", self.plan_run, otherwise=fail_run)
        dispatch = self._dispatch(otherwise=fail_run)
        rank = self._step("RankRound", self.rank_round, otherwise=fail_run)
        finish = self._step("FinishRun", self.finish_run, otherwise=fail_run)

        review = self._review(otherwise=fail_run, too_late=finish).next(finish)

        reviewed = sfn.Choice(self, "Reviewed").when(sfn.Condition.boolean_equals("$.review", True), review)
        reviewed.otherwise(finish)
        decided = sfn.Choice(self, "Finished").when(sfn.Condition.boolean_equals("$.finished", True), reviewed)
        decided.otherwise(dispatch)
        return plan.next(dispatch).next(rank).next(decided)

    def _step(self, name: str, function: Function, *, otherwise: sfn.IChainable, **options: Any) -> tasks.LambdaInvoke:
        """A function called with the run; its answer is the run for the next step, unless `options` say otherwise."""
        answer = options or {"output_path": "$.Payload"}
        step = tasks.LambdaInvoke(self, name, lambda_function=function, retry_on_service_exceptions=False, **answer)
        if function is self.plan_run:
            # A dataset that Gero refuses stays refused: the person need not wait for more tries to learn why.
            step.add_retry(errors=REFUSALS, max_attempts=0)
        _guard(step, otherwise)
        return step

    def _dispatch(self, *, otherwise: sfn.IChainable) -> tasks.LambdaInvoke:
        """Send the batches of a round, then wait, at no cost, until the worker of the last one returns the token."""
        step = self._waiting("DispatchRound", self.dispatch_round, Duration.days(PAUSE_DAYS))
        _guard(step, otherwise)
        return step

    def _review(self, *, otherwise: sfn.IChainable, too_late: sfn.IChainable) -> tasks.LambdaInvoke:
        """Ask people, then wait until they have decided, or somebody closed the review."""
        step = self._waiting("OpenReview", self.open_review, Duration.days(REVIEW_DAYS))
        step.add_catch(too_late, errors=[sfn.Errors.TIMEOUT], result_path=sfn.JsonPath.DISCARD)
        _guard(step, otherwise)
        return step

    def _waiting(self, name: str, function: Function, patience: Duration) -> tasks.LambdaInvoke:
        """A function called with the run and a task token; the run goes on, unchanged, once the token is returned."""
        return tasks.LambdaInvoke(
            self,
            name,
            lambda_function=function,
            integration_pattern=sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
            payload=sfn.TaskInput.from_object(
                {"task_token": sfn.JsonPath.task_token, "run": sfn.JsonPath.object_at("$")}
            ),
            result_path=sfn.JsonPath.DISCARD,
            task_timeout=sfn.Timeout.duration(patience),
            retry_on_service_exceptions=False,
        )

    def _error_log(self) -> sfn.LogOptions:
        log = logs.LogGroup(
            self,
            "state_machine_log",
            # AWS grants its log delivery on this prefix once; other names add to a policy that may hold 10 of them.
            log_group_name=f"/aws/vendedlogs/states/{Stack.of(self).stack_name}-runs",
            retention=LOG_RETENTION,
            removal_policy=RemovalPolicy.DESTROY,
        )
        return sfn.LogOptions(destination=log, level=sfn.LogLevel.ERROR, include_execution_data=False)


def _guard(step: tasks.LambdaInvoke, otherwise: sfn.IChainable) -> None:
    """Retry; hand every other end to `otherwise` with the error beside the run."""
    step.add_retry(errors=SERVICE_ERRORS, interval=Duration.seconds(2), max_attempts=6, backoff_rate=2)
    # Every step is idempotent, the dispatch too: it goes on behind what it sent, under the new task token.
    step.add_retry(errors=[sfn.Errors.TASKS_FAILED], interval=Duration.seconds(1), max_attempts=3, backoff_rate=2)
    step.add_catch(otherwise, errors=[sfn.Errors.ALL], result_path="$.error")
