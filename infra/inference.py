"""Inference: a streaming Function URL in front of the production models."""

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.data_stack import DataStack
from infra.function import Function
from infra.queue import Queue
from infra.settings import Settings

PORT = "8000"


class Inference(Construct):
    """`serve_inference` is a plain ASGI app: Python's managed runtime cannot stream, the Lambda Web Adapter can."""

    def __init__(self, scope: Construct, construct_id: str, *, data: DataStack, traces: Queue, shadows: Queue) -> None:
        super().__init__(scope, construct_id)
        adapter = lambda_.LayerVersion.from_layer_version_arn(self, "adapter", Settings.of(self).adapter_layer_arn)
        self.serve_inference = Function(
            self,
            "serve_inference",
            data,
            seconds=120,
            megabytes=1024,
            handler="functions/serve_inference/run.sh",
            layers=[adapter],
            environment={
                "GERO_TRACE_QUEUE_URL": traces.queue_url,
                "GERO_SHADOW_QUEUE_URL": shadows.queue_url,
                "AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap",
                "AWS_LWA_INVOKE_MODE": "response_stream",
                "AWS_LWA_PORT": PORT,
                "AWS_LWA_READINESS_CHECK_PROTOCOL": "tcp",
            },
        )
        self.serve_inference.may(data.rows, "dynamodb", "BatchGetItem", "GetItem", "Query", "UpdateItem")
        self.serve_inference.may(data.secrets, "kms", "Decrypt")
        self.serve_inference.may([traces.queue_arn, shadows.queue_arn], "sqs", "SendMessage")
        # Open to the network: the app checks Gero's own tokens, which IAM knows nothing of.
        self.url: str = self.serve_inference.add_function_url(
            auth_type=lambda_.FunctionUrlAuthType.NONE, invoke_mode=lambda_.InvokeMode.RESPONSE_STREAM
        ).url
