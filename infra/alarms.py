"""Alarms: what a person should hear of. Nothing is said while all is quiet: missing data are not a breach."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.api import Api
from infra.evaluation import Evaluation
from infra.function import Function
from infra.queue import Queue
from infra.runs import Runs
from infra.settings import Settings

SUM: Any = {"period": Duration.minutes(5), "statistic": "Sum"}
MAXIMUM: Any = {"period": Duration.minutes(5), "statistic": "Maximum"}


class Alarms(Construct):
    """One topic; with context `gero:alarm_email` one subscriber."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        evaluation: Evaluation,
        queues: Mapping[str, Queue],
        runs: Runs,
        api: Api,
    ) -> None:
        """`queues`: the other ones, whose dead letters stay until somebody looks at them, by what they are called."""
        super().__init__(scope, construct_id)
        self._topic = self._add_topic()
        # One for each function, so that the name of the alarm says which.
        for function in (node for node in scope.node.find_all() if isinstance(node, Function)):
            self._when(f"{function.node.id}_errors", function.metric_errors(**SUM))

        # Messages do not stay in this dead-letter queue: abandon_batch takes them, so what it took is counted.
        given_up = evaluation.queue.dead_letters
        self._when("evaluation_dead_letters", given_up.metric_number_of_messages_received(**SUM))
        for name, queue in queues.items():
            lost = queue.dead_letters.metric_approximate_number_of_messages_visible(**MAXIMUM)
            self._when(f"{name}_dead_letters", lost)
        oldest = evaluation.queue.metric_approximate_age_of_oldest_message(**MAXIMUM)
        self._when("evaluation_queue_age", oldest, threshold=3600)

        # A cancelled run is neither failed nor timed out.
        self._when("runs_failed", runs.state_machine.metric_failed(**SUM))
        self._when("runs_timed_out", runs.state_machine.metric_timed_out(**SUM))
        self._when("api_server_errors", api.http_api.metric_server_error(**SUM), threshold=5)

    def _add_topic(self) -> sns.Topic:
        topic = sns.Topic(self, "topic", enforce_ssl=True)
        # Requiring TLS replaces the topic's default policy, and with it CloudWatch's right to publish.
        here = {"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
        topic.grant_publish(iam.ServicePrincipal("cloudwatch.amazonaws.com", conditions=here))
        email = Settings.of(self).alarm_email
        if email:
            topic.add_subscription(subscriptions.EmailSubscription(email))
        return topic

    def _when(self, name: str, metric: cloudwatch.IMetric, *, threshold: float = 1) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self._topic))
