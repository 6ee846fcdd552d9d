"""Step Functions state machines."""

from __future__ import annotations

import json

from infra.local.deployment import Created, Stack
from infra.local.resources.registry import Handler, Properties


def _state_machine(stack: Stack, logical_id: str, properties: Properties) -> Created:
    name = properties.get("StateMachineName") or stack.physical_name(logical_id)
    definition = properties.get("DefinitionString") or json.dumps(properties["Definition"])
    for key, value in properties.get("DefinitionSubstitutions", {}).items():
        definition = definition.replace("${" + key + "}", str(value))
    arn = stack.client("stepfunctions").create_state_machine(
        name=name,
        definition=definition,
        roleArn=properties["RoleArn"],
        type=properties.get("StateMachineType", "STANDARD"),
    )["stateMachineArn"]
    return Created(arn, {"Arn": arn, "Name": name})


HANDLERS: dict[str, Handler] = {"AWS::StepFunctions::StateMachine": _state_machine}
