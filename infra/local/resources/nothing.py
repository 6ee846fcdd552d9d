"""Resource types that change nothing on one machine: who may call whom across services, alarms, logs, deployment."""

from __future__ import annotations

from infra.local.deployment import Created, Stack
from infra.local.resources.registry import Handler, Properties, arn

_TYPES = (
    "AWS::ApiGatewayV2::Deployment",
    "AWS::CDK::Metadata",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::Events::EventBusPolicy",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
    "AWS::Logs::MetricFilter",
    "AWS::Logs::QueryDefinition",
    "AWS::Logs::ResourcePolicy",
    "AWS::Logs::SubscriptionFilter",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::XRay::Group",
    "Custom::LogRetention",
    "Custom::S3AutoDeleteObjects",
)


def _nothing(stack: Stack, logical_id: str, properties: Properties) -> Created:
    name = str(properties.get("LogGroupName") or stack.physical_name(logical_id))
    return Created(name, {"Arn": arn("local", name)})


NOTHING: dict[str, Handler] = dict.fromkeys(_TYPES, _nothing)
