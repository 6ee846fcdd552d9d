"""An empty AWS in the process: the table, bucket, key and queues of a deployment, in moto."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
from moto import mock_aws
from moto.kms.utils import generate_private_key

from gero.kit import address, aws, secrets
from gero.providers import catalogue

TABLE, BUCKET = "gero-test", "gero-test"
QUEUES = (
    *("GERO_EVALUATION_QUEUE_URL", "GERO_TRACE_QUEUE_URL", "GERO_CONSOLIDATION_QUEUE_URL"),
    "GERO_SHADOW_QUEUE_URL",
)
_made = aws._made.__wrapped__
_private_key = cache(generate_private_key)  # moto makes one for every key; the symmetric ones never use it


@cache
def _kept(service: str) -> Any:
    """Clients outlive the tests: making one takes as long as a whole test, and moto answers whoever asks."""
    return _made(service)


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What every function finds in its environment, backed by moto."""
    with empty_cloud(monkeypatch):
        yield


@contextmanager
def empty_cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same until the block ends, for tests that share one."""
    for name, value in {
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "GERO_TABLE": TABLE,
        "GERO_BUCKET": BUCKET,
        "GERO_PRIVATE_NETWORKS": address.LOOPBACK,
        "GERO_LEASE_SECONDS": "30",
        "GERO_INFERENCE_URL": "http://inference.test/",
        "POWERTOOLS_SERVICE_NAME": "test",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(aws, "_made", _kept)
    monkeypatch.setattr("moto.kms.models.generate_private_key", _private_key)
    with mock_aws():
        secrets.forget()
        catalogue.forget()
        _create(monkeypatch)
        yield


def _create(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("pk", "sk", "due_kind", "due_at")
    aws.client("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        KeySchema=_keys("pk", "sk"),
        GlobalSecondaryIndexes=[
            {"IndexName": "due", "KeySchema": _keys("due_kind", "due_at"), "Projection": {"ProjectionType": "ALL"}}
        ],
    )
    where = {"LocationConstraint": os.environ["AWS_DEFAULT_REGION"]}
    aws.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
    monkeypatch.setenv("GERO_KEY_ID", aws.client("kms").create_key()["KeyMetadata"]["KeyId"])
    sqs = aws.client("sqs")
    for variable in QUEUES:
        url = sqs.create_queue(QueueName=variable.lower())["QueueUrl"]
        monkeypatch.setenv(variable, url)
    role = aws.client("iam").create_role(RoleName="states", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    machine = aws.client("stepfunctions").create_state_machine(
        name="runs",
        definition='{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": true}}}',
        roleArn=role,
    )
    monkeypatch.setenv("GERO_STATE_MACHINE_ARN", machine["stateMachineArn"])


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]
