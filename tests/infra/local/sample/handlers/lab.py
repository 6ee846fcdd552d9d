"""A function that does what its event says: the subject of the tests of the Lambda runtime."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3

table = boto3.client("dynamodb")


def handler(event: dict[str, Any], context: Any) -> Any:
    return ACTIONS[event["do"]](event, context)


def _describe(event: dict[str, Any], context: Any) -> Any:
    return {
        "pid": os.getpid(),
        "request_id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "name": context.function_name,
        "memory": context.memory_limit_in_mb,
        "remaining_ms": context.get_remaining_time_in_millis(),
        "variables": {name: os.environ.get(name) for name in event.get("variables", [])},
        "cwd": str(Path.cwd()),
    }


def _raise(event: dict[str, Any], context: Any) -> Any:
    raise LookupError("nothing of the kind")


def _sleep(event: dict[str, Any], context: Any) -> Any:
    time.sleep(event["seconds"])


def _exit(event: dict[str, Any], context: Any) -> Any:
    sys.stdout.flush()
    os._exit(event["status"])


def _kill(event: dict[str, Any], context: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def _print(event: dict[str, Any], context: Any) -> Any:
    print(event["text"])


def _large(event: dict[str, Any], context: Any) -> Any:
    return "x" * event["bytes"]


def _child(event: dict[str, Any], context: Any) -> Any:
    """Start a process that would outlive this one; its pid."""
    return subprocess.Popen(["sleep", "600"]).pid


def _remember(event: dict[str, Any], context: Any) -> Any:
    """Write to the temporary folder; answers what was there before."""
    file = Path(os.environ["TMPDIR"]) / "note"
    before = file.read_text() if file.exists() else None
    file.write_text(event["text"])
    return before


def _count(event: dict[str, Any], context: Any) -> Any:
    """Add one to a counter, then fail when told so."""
    value = table.update_item(
        TableName=os.environ["TABLE"],
        Key={"pk": {"S": "count"}, "sk": {"S": event["key"]}},
        UpdateExpression="ADD n :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
        ReturnValues="UPDATED_NEW",
    )["Attributes"]["n"]["N"]
    if int(value) <= event.get("failures", 0):
        raise Flaky(value)
    return {**event, "counted": int(value)}


class Flaky(Exception):
    """A failure that a retry cures."""


def _keep_token(event: dict[str, Any], context: Any) -> Any:
    key = {"pk": {"S": "token"}, "sk": {"S": event["name"]}}
    table.put_item(TableName=os.environ["TABLE"], Item={**key, "token": {"S": event["token"]}})


def _call(event: dict[str, Any], context: Any) -> Any:
    """Call any AWS API; answers the error code, or None."""
    client = boto3.client(event["service"])
    try:
        getattr(client, event["operation"])(**event["arguments"])
    except client.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return None


ACTIONS = {
    "describe": _describe,
    "raise": _raise,
    "sleep": _sleep,
    "exit": _exit,
    "kill": _kill,
    "print": _print,
    "large": _large,
    "child": _child,
    "remember": _remember,
    "count": _count,
    "keep_token": _keep_token,
    "call": _call,
}
