"""SQS queues and SNS topics."""

from __future__ import annotations

import json
from typing import Any

from infra.local.deployment import Created, Stack
from infra.local.resources.registry import Handler, Properties, arn


def _queue(stack: Stack, logical_id: str, properties: Properties) -> Created:
    name = properties.get("QueueName") or stack.physical_name(logical_id)
    attributes = {key: _text(value) for key, value in properties.items() if key not in ("QueueName", "Tags")}
    url = stack.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return Created(url, {"Arn": arn("sqs", name), "QueueName": name, "QueueUrl": url})


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _topic(stack: Stack, logical_id: str, properties: Properties) -> Created:
    name = properties.get("TopicName") or stack.physical_name(logical_id)
    topic = stack.client("sns").create_topic(Name=name)["TopicArn"]
    return Created(topic, {"TopicArn": topic, "TopicName": name})


HANDLERS: dict[str, Handler] = {"AWS::SQS::Queue": _queue, "AWS::SNS::Topic": _topic}
