"""The house rules of every Lambda of Gero."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.asset import code_of
from infra.data_stack import DataStack
from infra.settings import Settings

LOG_RETENTION = logs.RetentionDays.ONE_MONTH


class Function(lambda_.Function):
    """One Lambda, named by its folder in `functions/`.

    It may write its own log and nothing else until `may` or `consumes` says so.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        data: DataStack,
        *,
        seconds: int,
        megabytes: int,
        environment: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        """`seconds` is the timeout, `megabytes` the memory; `options` go to `aws_lambda.Function` as they are."""
        log = logs.LogGroup(scope, f"{name}_log", retention=LOG_RETENTION, removal_policy=RemovalPolicy.DESTROY)
        # Not CDK's default role: that carries an AWS-managed policy which writes to every log group of the account.
        self._role = iam.Role(scope, f"{name}_role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        super().__init__(
            scope,
            name,
            code=code_of(name, from_tree=Settings.of(scope).local),
            **{"handler": f"functions.{name}.handler.handler"} | options,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            timeout=Duration.seconds(seconds),
            memory_size=megabytes,
            environment={**common_environment(name, data), **(environment or {})},
            role=self._role,
            log_group=log,
            logging_format=lambda_.LoggingFormat.JSON,
            application_log_level_v2=lambda_.ApplicationLogLevel.INFO,
            # START, END and REPORT of every invocation would be most of the log; WARN keeps time-outs and crashes.
            system_log_level_v2=lambda_.SystemLogLevel.WARN,
        )
        self.may(log.log_group_arn, "logs", "CreateLogStream", "PutLogEvents")

    def may(self, resources: str | Sequence[str], service: str, *actions: str) -> None:
        """Grant exactly these actions of `service` (such as "dynamodb", "GetItem") on exactly these ARNs."""
        self.add_to_role_policy(_statement(resources, service, actions))

    def may_later(self, resources: str | Sequence[str], service: str, *actions: str) -> None:
        """Grant as `may` does, on something that itself needs this function.

        A function waits for its role's policy, so what waits for the function needs a policy of its own.
        """
        policy = iam.Policy(self, f"later_{service}", statements=[_statement(resources, service, actions)])
        policy.attach_to_role(self._role)

    def consumes(
        self, queue: sqs.IQueue, *, batch_size: int, window_seconds: int = 0, concurrency: int | None = None
    ) -> None:
        """Receive the messages of `queue`; those the handler reports as failed stay in it.

        `concurrency` bounds the invocations at one time (2 to 1,000) without reserving any.
        """
        self.may(queue.queue_arn, "sqs", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
        lambda_.EventSourceMapping(
            self,
            "source",
            target=self,
            event_source_arn=queue.queue_arn,
            batch_size=batch_size,
            max_batching_window=Duration.seconds(window_seconds),
            max_concurrency=concurrency,
            report_batch_item_failures=True,
        )


def _statement(resources: str | Sequence[str], service: str, actions: Sequence[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        actions=[f"{service}:{action}" for action in actions],
        resources=[resources] if isinstance(resources, str) else list(resources),
    )


def common_environment(name: str, data: DataStack) -> dict[str, str]:
    """What every function is told; `gero.kit` reads it."""
    settings = Settings.of(data)
    return {
        "GERO_TABLE": data.table.table_name,
        "GERO_BUCKET": data.bucket.bucket_name,
        "GERO_KEY_ID": data.key.key_id,
        "GERO_PRIVATE_NETWORKS": settings.private_networks,
        "HF_ENDPOINT": settings.hf_endpoint,
        "HF_ROUTER_BASE_URL": settings.hf_router_base_url,
        "OPENROUTER_BASE_URL": settings.openrouter_base_url,
        "POWERTOOLS_SERVICE_NAME": name,
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
