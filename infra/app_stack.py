"""Everything that computes: one line per capability."""

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from infra.alarms import Alarms
from infra.api import Api
from infra.data_stack import DataStack
from infra.datasets import Datasets
from infra.evaluation import Evaluation
from infra.inference import Inference
from infra.runs import Runs
from infra.schedule import Schedule
from infra.shadow import Shadow
from infra.traces import Traces


class AppStack(Stack):
    """The application. It holds no data and can be destroyed and deployed again at any time."""

    def __init__(self, scope: Construct, construct_id: str, *, data: DataStack) -> None:
        super().__init__(scope, construct_id, description="Gero: application")
        evaluation = Evaluation(self, "evaluation", data=data)
        runs = Runs(self, "runs", data=data, queue=evaluation.queue)
        evaluation.may_end_rounds_of(runs.state_machine.state_machine_arn)
        datasets = Datasets(self, "datasets", data=data, runs=runs)
        schedule = Schedule(self, "schedule", data=data, runs=runs, evaluation=evaluation.queue)
        traces = Traces(self, "traces", data=data)
        shadow = Shadow(self, "shadow", data=data)
        inference = Inference(self, "inference", data=data, traces=traces.queue, shadows=shadow.queue)
        api = Api(self, "api", data=data, runs=runs, evaluation=evaluation.queue, inference=inference)
        for function in (schedule.start_due, api.api):
            datasets.may_be_asked_by(function)
        queues = {"trace": traces.queue, "consolidation": datasets.queue, "shadow": shadow.queue}
        Alarms(self, "alarms", evaluation=evaluation, queues=queues, runs=runs, api=api)

        outputs = {
            "ApiUrl": api.http_api.api_endpoint,
            "InferenceUrl": inference.url,
            "TableName": data.table.table_name,
            "BucketName": data.bucket.bucket_name,
            "KeyId": data.key.key_id,
            "StateMachineArn": runs.state_machine.state_machine_arn,
            "EvaluationQueueUrl": evaluation.queue.queue_url,
            "TraceQueueUrl": traces.queue.queue_url,
            "ShadowQueueUrl": shadow.queue.queue_url,
            "ConsolidationQueueUrl": datasets.queue.queue_url,
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)
