"""Step Functions: starting, stopping and reporting to executions."""

import json
from typing import Any

from gero.kit import aws, log, settings

# A token whose task is over: the execution moved on, timed out or was stopped. Reporting twice is harmless.
_OVER = {"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"}


def start(name: str, payload: dict[str, Any]) -> str:
    """Start an execution; the same name and payload again is the same execution. Returns its ARN."""
    arn = settings.required("GERO_STATE_MACHINE_ARN")
    try:
        answer = aws.client("stepfunctions").start_execution(
            stateMachineArn=arn, name=name, input=json.dumps(payload, sort_keys=True)
        )
        started: str = answer["executionArn"]
        return started
    except Exception as error:
        if aws.error_code(error) == "ExecutionAlreadyExists":
            return execution_arn(name)
        raise


def execution_arn(name: str) -> str:
    """The ARN of the execution with that name."""
    return settings.required("GERO_STATE_MACHINE_ARN").replace(":stateMachine:", ":execution:") + f":{name}"


def status(name: str) -> str | None:
    """RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED; None when there is no such execution."""
    try:
        answer = aws.client("stepfunctions").describe_execution(executionArn=execution_arn(name))
        return str(answer["status"])
    except Exception as error:
        if aws.error_code(error) == "ExecutionDoesNotExist":
            return None
        raise


def stop(name: str, cause: str) -> None:
    """Stop an execution; nothing happens when it is over or was never started."""
    try:
        aws.client("stepfunctions").stop_execution(executionArn=execution_arn(name), cause=cause)
    except Exception as error:  # noqa: BLE001  its steps look at the run, which has ended, and end by themselves
        if aws.error_code(error) != "ExecutionDoesNotExist":
            log.failure("workflow.not_stopped", error, execution=name)


def succeed_task(token: str) -> None:
    """Let the execution that waits for this task token go on."""
    try:
        aws.client("stepfunctions").send_task_success(taskToken=token, output="{}")
    except Exception as error:
        if aws.error_code(error) not in _OVER:
            raise
