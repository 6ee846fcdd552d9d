"""Shadow traffic: a challenger is asked what production has answered, behind a queue and out of everybody's way."""

from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.data_stack import DataStack
from infra.function import Function
from infra.queue import Queue

SHADOW_SECONDS = 120
KEPT_SECONDS = 3600  # a request is only asked for the first 15 minutes; what waits longer is not worth its storage


class Shadow(Construct):
    """A queue from the inference endpoint to the function that asks challengers, so that no caller waits for one."""

    def __init__(self, scope: Construct, construct_id: str, *, data: DataStack) -> None:
        super().__init__(scope, construct_id)
        # Messages hold what people asked, which a leaderboard may want kept nowhere: for a look at a fault, a day.
        self.queue = Queue(self, "queue", visibility=6 * SHADOW_SECONDS, receives=3, dead_letter_days=1)
        resource = self.queue.node.default_child
        assert isinstance(resource, sqs.CfnQueue)
        resource.message_retention_period = KEPT_SECONDS
        self.shadow_requests = Function(self, "shadow_requests", data, seconds=SHADOW_SECONDS, megabytes=512)
        self.shadow_requests.may(data.rows, "dynamodb", "BatchGetItem", "GetItem", "PutItem")
        self.shadow_requests.may(data.objects, "s3", "GetObject", "PutObject", "PutObjectTagging")
        self.shadow_requests.may(data.listing, "s3", "ListBucket")
        self.shadow_requests.may(data.secrets, "kms", "Decrypt")
        # Challengers are asked by few at a time: what they cannot keep up with grows old in the queue and is dropped.
        self.shadow_requests.consumes(self.queue, batch_size=10, window_seconds=2, concurrency=5)
