"""Delivers events to the targets of rules and schedules: Lambda functions, state machines and queues.

Faithful for Input, InputPath and InputTransformer (paths of names, no indexes or filters); a function gets the retries
of an asynchronous invocation. Target roles are not enforced.
"""

from __future__ import annotations

import json
import re
from typing import Any

from infra.local.backend.clients import Clients
from infra.local.compute.loop import LoopThread
from infra.local.compute.runtime import LambdaRuntime

_VARIABLE = re.compile(r"<([\w.-]+)>")
_STRING_OR_VARIABLE = re.compile(r'"(?:[^"\\]|\\.)*"|<([\w.-]+)>')


class UnsupportedTargetError(LookupError):
    """The target is of a service that the local cloud cannot reach."""


class Delivery:
    """Sends one event to one target; called from any thread but the loop's."""

    def __init__(self, loop: LoopThread, runtime: LambdaRuntime, clients: Clients) -> None:
        self._loop = loop
        self._runtime = runtime
        self._clients = clients

    def send(self, target: dict[str, Any], event: dict[str, Any]) -> None:
        """Send `event`, as the target's input settings shape it. Raises UnsupportedTargetError."""
        arn, payload = str(target["Arn"]), payload_for(target, event)
        service = arn.split(":")[2]
        if service == "lambda":
            self._loop.run(self._invoke(arn.rsplit(":", 1)[-1], payload.encode()))
        elif service == "states":
            self._clients.get("stepfunctions").start_execution(stateMachineArn=arn, input=payload)
        elif service == "sqs":
            sqs = self._clients.get("sqs")
            url = sqs.get_queue_url(QueueName=arn.rsplit(":", 1)[-1])["QueueUrl"]
            sqs.send_message(QueueUrl=url, MessageBody=payload)
        else:
            raise UnsupportedTargetError(f"the local cloud cannot send events to {arn}")

    async def _invoke(self, function: str, payload: bytes) -> None:
        self._runtime.invoke_later(function, payload)


def payload_for(target: dict[str, Any], event: dict[str, Any]) -> str:
    """The text a target gets for an event."""
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        return json.dumps(_at(target["InputPath"], event))
    if "InputTransformer" in target:
        transformer = target["InputTransformer"]
        values = {name: _at(path, event) for name, path in transformer.get("InputPathsMap", {}).items()}
        return _transformed(transformer["InputTemplate"], {**values, "aws.events.event.json": event})
    return json.dumps(event)


def _at(path: str, event: dict[str, Any]) -> Any:
    """The value at a path such as `$.detail.id`; None when there is none."""
    value: Any = event
    for name in path.removeprefix("$").strip(".").split("."):
        if name:
            value = value.get(name) if isinstance(value, dict) else None
    return value


def _transformed(template: str, values: dict[str, Any]) -> str:
    """Variables within quotes become text, those outside become JSON, as EventBridge does it."""

    def fill(match: re.Match[str]) -> str:
        if match[1]:
            return json.dumps(values.get(match[1]))
        return _VARIABLE.sub(lambda name: _quotable(values.get(name[1])), match[0])

    return _STRING_OR_VARIABLE.sub(fill, template)


def _quotable(value: Any) -> str:
    return json.dumps(value if isinstance(value, str) else json.dumps(value))[1:-1]
