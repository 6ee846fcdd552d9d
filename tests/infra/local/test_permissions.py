"""Permissions: what a role's policies do not grant is denied, in the words of each service."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.local.backend.policies import allows
from infra.local.cloud import LocalCloud


def key(sort: str) -> dict[str, Any]:
    return {"pk": {"S": "permissions"}, "sk": {"S": sort}}


def test_a_call_without_a_grant_is_denied_and_listed(cloud: LocalCloud) -> None:
    table, bucket = cloud.outputs["TableName"], cloud.outputs["BucketName"]
    denied: list[tuple[str, str, dict[str, Any], str]] = [
        ("dynamodb", "get_item", {"TableName": table, "Key": key("x")}, "AccessDeniedException"),
        (
            "dynamodb",
            "transact_write_items",
            {"TransactItems": [{"Delete": {"TableName": table, "Key": key("x")}}]},
            "AccessDeniedException",
        ),
        ("s3", "put_object", {"Bucket": bucket, "Key": "elsewhere/x"}, "AccessDenied"),
        ("s3", "get_object", {"Bucket": bucket, "Key": "allowed/x"}, "AccessDenied"),
        ("sqs", "send_message", {"QueueUrl": cloud.outputs["QueueUrl"], "MessageBody": "x"}, "AccessDeniedException"),
        ("stepfunctions", "send_task_success", {"taskToken": "x", "output": "{}"}, "AccessDeniedException"),
        ("lambda", "invoke", {"FunctionName": "Front-Lab"}, "AccessDeniedException"),
    ]
    for service, operation, arguments, code in denied:
        assert _called(cloud, service, operation, arguments) == code, operation
    assert "dynamodb:DeleteItem" in {denial.action for denial in cloud.denied}


def test_what_is_granted_works(cloud: LocalCloud) -> None:
    table, bucket = cloud.outputs["TableName"], cloud.outputs["BucketName"]
    granted: list[tuple[str, str, dict[str, Any]]] = [
        ("dynamodb", "put_item", {"TableName": table, "Item": key("x")}),
        ("dynamodb", "transact_write_items", {"TransactItems": [{"Put": {"TableName": table, "Item": key("x")}}]}),
        ("s3", "put_object", {"Bucket": bucket, "Key": "allowed/x"}),
        ("kms", "encrypt", {"KeyId": cloud.outputs["KeyArn"], "Plaintext": "x", "EncryptionContext": {"a": "b"}}),
    ]
    for service, operation, arguments in granted:
        assert _called(cloud, service, operation, arguments) is None, operation


def test_an_unknown_access_key_is_refused(cloud: LocalCloud) -> None:
    stranger = boto3.client(
        "dynamodb",
        region_name="eu-west-1",
        endpoint_url=cloud.client("dynamodb").meta.endpoint_url,
        aws_access_key_id="AKIASTRANGER",
        aws_secret_access_key="x",
    )
    with pytest.raises(ClientError):
        stranger.list_tables()


def test_a_denial_wins_over_a_grant_and_wildcards_stay_within_their_text() -> None:
    policy = json.dumps(
        {
            "Statement": [
                {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*"},
                {"Effect": "Deny", "Action": "*", "Resource": "arn:aws:s3:::b/secret"},
                {"Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:aws:sqs:::q"},
            ]
        }
    )
    assert allows([policy], "s3:GetObject", "arn:aws:s3:::b/x")
    assert not allows([policy], "s3:PutObject", "arn:aws:s3:::b/x")
    assert not allows([policy], "s3:GetObject", "arn:aws:s3:::b/secret")
    assert not allows([policy], "s3:GetObject", "arn:aws:s3:::bb/x")
    assert allows([policy], "sqs:SendMessage", "arn:aws:sqs:::q")
    assert not allows([policy], "iam:PassRole", "arn:aws:sqs:::q")


def _called(cloud: LocalCloud, service: str, operation: str, arguments: dict[str, Any]) -> Any:
    event = {"do": "call", "service": service, "operation": operation, "arguments": arguments}
    outcome = cloud.invoke("Lab", json.dumps(event).encode())
    assert outcome.error is None, outcome.payload
    return json.loads(outcome.payload)
