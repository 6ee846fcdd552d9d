"""IAM roles and policies, KMS keys, secrets and parameters."""

from __future__ import annotations

import json
import secrets
import uuid
from typing import Any

from infra.local.backend import state
from infra.local.backend.wiring import ACCOUNT
from infra.local.deployment import Created, Stack
from infra.local.resources.registry import Handler, Properties
from infra.local.template import TemplateError

# The AWS-managed policies that CDK attaches by itself; another one has to be added here, with its actions.
_MANAGED_ACTIONS = {
    "AWSLambdaBasicExecutionRole": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
    "AWSXRayDaemonWriteAccess": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
    "CloudWatchLambdaInsightsExecutionRolePolicy": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
    "AmazonAPIGatewayPushToCloudWatchLogs": ["logs:*"],
}


def _role(stack: Stack, logical_id: str, properties: Properties) -> Created:
    name = properties.get("RoleName") or stack.physical_name(logical_id)
    iam = stack.client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(properties["AssumeRolePolicyDocument"]))
    for policy in properties.get("Policies", []):
        _attach(iam, name, policy["PolicyName"], policy["PolicyDocument"])
    for managed in properties.get("ManagedPolicyArns", []):
        _attach(iam, name, managed.rsplit("/", 1)[-1], _managed_policy(managed, logical_id))
    return Created(name, {"Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}", "RoleId": name})


def _managed_policy(arn: str, logical_id: str) -> dict[str, Any]:
    name = arn.rsplit("/", 1)[-1]
    if name not in _MANAGED_ACTIONS:
        raise TemplateError(f"the local cloud does not know the managed policy {name} of {logical_id}")
    statement = {"Effect": "Allow", "Action": _MANAGED_ACTIONS[name], "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _policy(stack: Stack, logical_id: str, properties: Properties) -> Created:
    for role in properties.get("Roles", []):
        _attach(stack.client("iam"), role, properties["PolicyName"], properties["PolicyDocument"])
    return Created(properties["PolicyName"])


def _managed(stack: Stack, logical_id: str, properties: Properties) -> Created:
    name = properties.get("ManagedPolicyName") or stack.physical_name(logical_id)
    for role in properties.get("Roles", []):
        _attach(stack.client("iam"), role, name, properties["PolicyDocument"])
    return Created(f"arn:aws:iam::{ACCOUNT}:policy/{name}")


def _attach(iam: Any, role: str, name: str, document: dict[str, Any]) -> None:
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


def _key(stack: Stack, logical_id: str, properties: Properties) -> Created:
    kms = stack.client("kms")
    metadata = kms.create_key(
        Policy=json.dumps(properties["KeyPolicy"]),
        Description=properties.get("Description", ""),
        KeySpec=properties.get("KeySpec", "SYMMETRIC_DEFAULT"),
        KeyUsage=properties.get("KeyUsage", "ENCRYPT_DECRYPT"),
    )["KeyMetadata"]
    key_id, arn = state.name_key(
        metadata["KeyId"], str(uuid.uuid5(uuid.NAMESPACE_URL, stack.physical_name(logical_id)))
    )
    return Created(key_id, {"Arn": arn, "KeyId": key_id})


def _alias(stack: Stack, logical_id: str, properties: Properties) -> Created:
    target = properties["TargetKeyId"].rsplit("/", 1)[-1]
    stack.client("kms").create_alias(AliasName=properties["AliasName"], TargetKeyId=target)
    return Created(properties["AliasName"])


def _parameter(stack: Stack, logical_id: str, properties: Properties) -> Created:
    name = properties.get("Name") or stack.physical_name(logical_id)
    kind, value = properties["Type"], properties["Value"]
    stack.client("ssm").put_parameter(Name=name, Value=value, Type=kind, Overwrite=True)
    return Created(name, {"Type": kind, "Value": value})


def _secret(stack: Stack, logical_id: str, properties: Properties) -> Created:
    value = properties.get("SecretString") or _generated(properties.get("GenerateSecretString", {}))
    created = stack.client("secretsmanager").create_secret(
        Name=properties.get("Name") or stack.physical_name(logical_id), SecretString=value
    )
    return Created(created["ARN"], {"Id": created["ARN"]})


def _generated(wish: dict[str, Any]) -> str:
    password = secrets.token_urlsafe(64)[: int(wish.get("PasswordLength", 32))]
    if "GenerateStringKey" not in wish:
        return password
    return json.dumps({**json.loads(wish["SecretStringTemplate"]), wish["GenerateStringKey"]: password})


HANDLERS: dict[str, Handler] = {
    "AWS::IAM::Role": _role,
    "AWS::IAM::Policy": _policy,
    "AWS::IAM::ManagedPolicy": _managed,
    "AWS::KMS::Key": _key,
    "AWS::KMS::Alias": _alias,
    "AWS::SSM::Parameter": _parameter,
    "AWS::SecretsManager::Secret": _secret,
}
