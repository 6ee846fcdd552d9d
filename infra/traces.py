"""Traces: what inference answered, gathered into a few large objects."""

from constructs import Construct

from infra.data_stack import DataStack
from infra.function import Function
from infra.queue import Queue

RECORD_SECONDS = 60


class Traces(Construct):
    """A queue between the answer and its record, so that no caller waits for S3."""

    def __init__(self, scope: Construct, construct_id: str, *, data: DataStack) -> None:
        super().__init__(scope, construct_id)
        self.queue = Queue(self, "queue", visibility=6 * RECORD_SECONDS, receives=5)
        self.record_traces = Function(self, "record_traces", data, seconds=RECORD_SECONDS, megabytes=512)
        self.record_traces.may(data.rows, "dynamodb", "GetItem", "PutItem")
        self.record_traces.may(data.secrets, "kms", "Decrypt")
        self.record_traces.may(data.objects, "s3", "PutObject", "PutObjectTagging")
        self.record_traces.consumes(self.queue, batch_size=500, window_seconds=5)
