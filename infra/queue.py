"""A queue with its dead-letter queue."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct


class Queue(sqs.Queue):
    """An encrypted, TLS-only queue; what was received `receives` times in vain goes to `self.dead_letters`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        visibility: int,
        receives: int,
        dead_letter_visibility: int = 30,
        dead_letter_days: int = 14,
    ) -> None:
        """Visibility timeouts are in seconds and must not be below the timeout of the consuming function."""
        self.dead_letters: sqs.Queue = sqs.Queue(
            scope,
            f"{construct_id}_dead_letters",
            visibility_timeout=Duration.seconds(dead_letter_visibility),
            retention_period=Duration.days(dead_letter_days),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )
        super().__init__(
            scope,
            construct_id,
            visibility_timeout=Duration.seconds(visibility),
            retention_period=Duration.days(4),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=receives),
        )
