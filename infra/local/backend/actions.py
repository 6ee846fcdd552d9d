"""Which IAM actions on which resources one API call needs (the service authorization reference, as far as used here).

moto authorizes most services with the resource "*", so that a policy on a table's ARN never matches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from infra.local.backend.wiring import ACCOUNT, REGION

Need = tuple[str, str | None]  # IAM action, resource ARN (None: the call names none)

_TRANSACTION_ACTIONS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}
# The actions of S3 that are not named as their call. moto names the others after the IAM action already.
_S3_ACTIONS = {"HeadBucket": "ListBucket", "HeadObject": "GetObject", "ListObjects": "ListBucket"}
_TASK_ACTIONS = {"SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat"}


def needs(service: str, action: str, call: dict[str, Any], resource: str) -> list[Need]:
    """The (action, resource) pairs of one call.

    `call` is the parsed request, `resource` the ARN that moto worked out (only S3 gives one).
    """
    if service == "s3":
        return [
            ("s3:" + _S3_ACTIONS.get(action.removesuffix("V2"), action), target) for target in _objects(call, resource)
        ]
    mapping = _SERVICES.get(service)
    return mapping(action, call) if mapping else [(f"{service}:{action}", None)]


def _objects(call: dict[str, Any], resource: str) -> list[str]:
    """DeleteObjects names many objects in its body, and moto only its bucket."""
    return [f"{resource}/{key}" for key in call.get("Delete", [])] or [resource]


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def _table(name: str, index: str | None = None) -> str:
    arn = name if name.startswith("arn:") else _arn("dynamodb", f"table/{name}")
    return f"{arn}/index/{index}" if index else arn


def _dynamodb(action: str, call: dict[str, Any]) -> list[Need]:
    if "TransactItems" in call:
        return [
            ("dynamodb:" + _TRANSACTION_ACTIONS[kind], _table(operation["TableName"]))
            for item in call["TransactItems"]
            for kind, operation in item.items()
        ]
    if "RequestItems" in call:
        return [("dynamodb:" + action, _table(name)) for name in call["RequestItems"]]
    if "TableName" in call:
        return [("dynamodb:" + action, _table(call["TableName"], call.get("IndexName")))]
    return [("dynamodb:" + action, call.get("StreamArn") or call.get("ResourceArn"))]


def _sqs(action: str, call: dict[str, Any]) -> list[Need]:
    url = call.get("QueueUrl")
    return [("sqs:" + action.removesuffix("Batch"), _arn("sqs", url.rsplit("/", 1)[1]) if url else None)]


def _states(action: str, call: dict[str, Any]) -> list[Need]:
    if action in _TASK_ACTIONS:  # the call names a token; AWS checks the state machine behind it
        return [("states:" + action, None)]
    return [("states:" + action, call.get("stateMachineArn") or call.get("executionArn"))]


def _lambda(action: str, call: dict[str, Any]) -> list[Need]:
    name = call.get("FunctionName")
    if not name:
        return [("lambda:" + action, None)]
    verb = "InvokeFunction" if action.startswith("Invoke") else action
    return [("lambda:" + verb, name if name.startswith("arn:") else _arn("lambda", "function:" + name))]


def _kms(action: str, call: dict[str, Any]) -> list[Need]:
    return [("kms:" + action, _key_arn(call["KeyId"]) if call.get("KeyId") else None)]


def _key_arn(key: str) -> str:
    from moto.kms.models import kms_backends

    if key.startswith("arn:") and ":key/" in key:
        return key
    return _arn("kms", "key/" + (kms_backends[ACCOUNT][REGION].any_id_to_key_id(key)))


def _events(action: str, call: dict[str, Any]) -> list[Need]:
    if action != "PutEvents":
        return [("events:" + action, None)]
    buses = {str(entry.get("EventBusName", "default")).rsplit("/", 1)[-1] for entry in call["Entries"]}
    return [("events:PutEvents", _arn("events", "event-bus/" + bus)) for bus in sorted(buses)]


def _ssm(action: str, call: dict[str, Any]) -> list[Need]:
    names = call.get("Names") or ([call["Name"]] if "Name" in call else [])
    return [("ssm:" + action, _arn("ssm", "parameter/" + name.lstrip("/"))) for name in names] or [
        ("ssm:" + action, None)
    ]


def _secretsmanager(action: str, call: dict[str, Any]) -> list[Need]:
    return [("secretsmanager:" + action, call.get("SecretId"))]


def _sns(action: str, call: dict[str, Any]) -> list[Need]:
    return [("sns:" + action.removesuffix("Batch"), call.get("TopicArn"))]


_SERVICES: dict[str, Callable[[str, dict[str, Any]], list[Need]]] = {
    "dynamodb": _dynamodb,
    "sqs": _sqs,
    "states": _states,
    "lambda": _lambda,
    "kms": _kms,
    "events": _events,
    "ssm": _ssm,
    "secretsmanager": _secretsmanager,
    "sns": _sns,
}
