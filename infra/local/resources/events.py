"""EventBridge buses, rules and schedules. Schedules are kept for the local clock; patterns are matched by moto."""

from __future__ import annotations

import json
from typing import Any

from infra.local.deployment import Created, Stack
from infra.local.inventory import Schedule
from infra.local.resources.registry import Handler, Properties, arn

_TARGET_KEYS = ("Id", "Arn", "Input", "InputPath", "InputTransformer", "RoleArn", "SqsParameters")


def _bus(stack: Stack, logical_id: str, properties: Properties) -> Created:
    name = properties["Name"]
    stack.client("events").create_event_bus(Name=name)
    return Created(name, {"Arn": arn("events", "event-bus/" + name), "Name": name})


def _rule(stack: Stack, logical_id: str, properties: Properties) -> Created:
    name = properties.get("Name") or stack.physical_name(logical_id)
    rule_arn = arn("events", "rule/" + name)
    targets = properties.get("Targets", [])
    if "ScheduleExpression" in properties:
        stack.inventory.schedules.append(
            Schedule(
                name=name,
                expression=properties["ScheduleExpression"],
                timezone="UTC",
                arn=rule_arn,
                targets=tuple(targets),
                enabled=properties.get("State", "ENABLED") == "ENABLED",
                has_event=True,
            )
        )
    if "EventPattern" in properties:
        _match_pattern(stack, name, properties, targets)
    return Created(name, {"Arn": rule_arn})


def _match_pattern(stack: Stack, name: str, properties: Properties, targets: list[dict[str, Any]]) -> None:
    events = stack.client("events")
    bus = properties.get("EventBusName", "default")
    events.put_rule(
        Name=name,
        EventBusName=bus,
        EventPattern=json.dumps(properties["EventPattern"]),
        State=properties.get("State", "ENABLED"),
    )
    kept = [{key: target[key] for key in _TARGET_KEYS if key in target} for target in targets]
    events.put_targets(Rule=name, EventBusName=bus, Targets=kept)


def _schedule(stack: Stack, logical_id: str, properties: Properties) -> Created:
    name = properties.get("Name") or stack.physical_name(logical_id)
    schedule_arn = arn("scheduler", f"schedule/{properties.get('GroupName', 'default')}/{name}")
    stack.inventory.schedules.append(
        Schedule(
            name=name,
            expression=properties["ScheduleExpression"],
            timezone=properties.get("ScheduleExpressionTimezone", "UTC"),
            arn=schedule_arn,
            targets=(properties["Target"],),
            enabled=properties.get("State", "ENABLED") == "ENABLED",
            has_event=False,
        )
    )
    return Created(name, {"Arn": schedule_arn})


def _schedule_group(stack: Stack, logical_id: str, properties: Properties) -> Created:
    name = properties.get("Name") or stack.physical_name(logical_id)
    return Created(name, {"Arn": arn("scheduler", "schedule-group/" + name)})


HANDLERS: dict[str, Handler] = {
    "AWS::Events::EventBus": _bus,
    "AWS::Events::Rule": _rule,
    "AWS::Scheduler::Schedule": _schedule,
    "AWS::Scheduler::ScheduleGroup": _schedule_group,
}
