"""API: one HTTP API for people, scripts and webhooks."""

import json

import jsii
from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_logs as logs
from aws_cdk.aws_apigateway import AccessLogFormat
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration, HttpUrlIntegration
from constructs import Construct

from infra.data_stack import DataStack
from infra.function import LOG_RETENTION, Function
from infra.inference import Inference
from infra.queue import Queue
from infra.runs import Runs
from infra.settings import Settings
from infra.sign_in import SignIn

PUSH_PATHS = ("/v1/leaderboard/{id}/dataset/push", "/api/leaderboards/{id}/dataset/push")
GET, POST = apigateway.HttpMethod.GET, apigateway.HttpMethod.POST
# Where the Function URL answers what, by the paths of the HTTP API that lead there.
INFERENCE_PATHS = {
    (POST, "v1/leaderboard/{id}/inference"): ("/v1/leaderboard/{id}/inference", "/api/leaderboards/{id}/inference"),
    (POST, "v1/models/{id}/inference"): ("/v1/models/{id}/inference", "/api/models/{id}/inference"),
    (POST, "v1/chat/completions"): ("/v1/chat/completions",),
    (GET, "v1/models"): ("/v1/models",),
    (GET, "v1/models/{id}"): ("/v1/models/{id}",),
}
ACCESS_LOG_FIELDS = (
    "requestId",
    "requestTime",
    "identity.sourceIp",
    "routeKey",
    "path",
    "status",
    "responseLength",
    "responseLatency",
    "integrationErrorMessage",
)


@jsii.implements(apigateway.IAccessLogSettings)
class AccessLog:
    """One JSON line for each request."""

    def __init__(self, log_group: logs.ILogGroup) -> None:
        self._log_group = log_group

    @property
    def destination(self) -> apigateway.IAccessLogDestination:
        return apigateway.LogGroupLogDestination(self._log_group)

    @property
    def format(self) -> AccessLogFormat:
        return AccessLogFormat.custom(json.dumps({name: f"$context.{name}" for name in ACCESS_LOG_FIELDS}))


class Api(Construct):
    """`api` answers everything except webhooks (`ingest_rows`) and inference (forwarded to its Function URL)."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        data: DataStack,
        runs: Runs,
        evaluation: Queue,
        inference: Inference,
    ) -> None:
        super().__init__(scope, construct_id)
        machine = runs.state_machine.state_machine_arn
        self.http_api = apigateway.HttpApi(self, "http_api", description="Gero", create_default_stage=False)
        sign_in = SignIn(self, "sign_in", data=data, http_api=self.http_api)
        self.api = Function(
            self,
            "api",
            data,
            seconds=29,  # an HTTP API gives up after 30
            megabytes=1024,
            environment={
                "GERO_STATE_MACHINE_ARN": machine,
                "GERO_EVALUATION_QUEUE_URL": evaluation.queue_url,
                "GERO_INFERENCE_URL": inference.url,
                "GERO_MIN_PUSHED_ROWS": str(Settings.of(self).min_pushed_rows),
                **sign_in.environment,
            },
        )
        self.api.may(
            data.rows_and_due_work,
            "dynamodb",
            *("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "BatchGetItem", "BatchWriteItem"),
        )
        self.api.may(data.objects, "s3", "GetObject", "PutObject", "PutObjectTagging", "DeleteObject")
        self.api.may(data.listing, "s3", "ListBucket")
        self.api.may(data.secrets, "kms", "Decrypt", "Encrypt")
        self.api.may(evaluation.queue_arn, "sqs", "SendMessage")  # a run that was paused goes on
        self.api.may(machine, "states", "StartExecution", "SendTaskSuccess")
        self.api.may(runs.executions_arn, "states", "StopExecution")

        self.ingest_rows = Function(self, "ingest_rows", data, seconds=29, megabytes=1024)
        self.ingest_rows.may(data.rows, "dynamodb", "BatchGetItem", "GetItem", "PutItem", "UpdateItem")
        self.ingest_rows.may(data.objects, "s3", "PutObject", "DeleteObject")

        self._add_routes(inference.url)
        self._add_stage()

    def _add_routes(self, inference_url: str) -> None:
        to_api = HttpLambdaIntegration("to_api", self.api)
        for path in ("/", "/{proxy+}"):
            self.http_api.add_routes(path=path, integration=to_api)
        to_ingest = HttpLambdaIntegration("to_ingest_rows", self.ingest_rows)
        for path in PUSH_PATHS:
            self.http_api.add_routes(path=path, methods=[POST], integration=to_ingest)
        # The Function URL ends in "/". This way is buffered: who wants a stream calls the URL itself.
        for number, ((method, there), paths) in enumerate(INFERENCE_PATHS.items()):
            to_inference = HttpUrlIntegration(f"to_inference_{number}", f"{inference_url}{there}", method=method)
            for path in paths:
                self.http_api.add_routes(path=path, methods=[method], integration=to_inference)

    def _add_stage(self) -> None:
        log = logs.LogGroup(self, "access_log", retention=LOG_RETENTION, removal_policy=RemovalPolicy.DESTROY)
        apigateway.HttpStage(
            self,
            "stage",
            http_api=self.http_api,
            stage_name="$default",
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(rate_limit=200, burst_limit=400),
            access_log_settings=AccessLog(log),
        )
