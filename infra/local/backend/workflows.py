"""Runs Step Functions in moto's interpreter, each task with the credentials of its state machine's role.

The interpreter is a vendored part of moto that imports its client factory by name all over, so the factory has to be
replaced before the interpreter is imported.
"""

from __future__ import annotations

import threading
import uuid
from typing import Any

from moto.core.config import default_user_config
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.responses import StepFunctionResponse

from infra.local.backend.seams import replace
from infra.local.backend.wiring import current

_lock = threading.RLock()
_call_action = StepFunctionResponse.call_action
_boto_client_for = boto_client.boto_client_for
_start_execution = StepFunctionResponse.start_execution


def install() -> None:
    """Give tasks their role, and serialise the calls that start and answer executions."""
    replace(boto_client, "boto_client_for", client_for)
    replace(StepFunctionResponse, "call_action", _one_at_a_time)
    replace(StepFunctionResponse, "start_execution", _start_named)


def execute(yes: bool) -> None:
    """Whether executions of state machines really run, for the whole process."""
    default_user_config["stepfunctions"] = {"execute_state_machine": yes}


def _one_at_a_time(response: Any) -> Any:
    with _lock:
        return _call_action(response)


def _start_named(response: Any) -> Any:
    """moto's interpreter calls every execution without a name `None`, so that there could be only one."""
    if not response._get_param("name"):
        response.querystring["name"] = [str(uuid.uuid4())]
    return _start_execution(response)


def client_for(region: str, service: str, state_credentials: Any = None) -> Any:
    """The client a task state calls its service with. Parameters are not validated: that is the service's answer."""
    create = current().client
    if create is None:
        return _boto_client_for(region, service, state_credentials)
    return create(service, getattr(state_credentials, "role_arn", None), validate=False)


def stop_executions(stepfunctions: Any) -> None:
    """Stop every running execution: each has threads that may wait for a task token for days."""
    for machine in stepfunctions.list_state_machines()["stateMachines"]:
        running = stepfunctions.list_executions(stateMachineArn=machine["stateMachineArn"], statusFilter="RUNNING")
        for execution in running["executions"]:
            stepfunctions.stop_execution(executionArn=execution["executionArn"], cause="the local cloud closes")
