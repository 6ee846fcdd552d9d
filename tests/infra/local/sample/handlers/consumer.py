"""Functions behind queues: each counts its deliveries in the table."""

import json
import os
from typing import Any

import boto3

table = boto3.client("dynamodb")


def handler(event: dict[str, Any], context: Any) -> Any:
    failures = []
    for record in event["Records"]:
        body = json.loads(record["body"])
        _count(body["id"])
        if body.get("poison"):
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def bulk(event: dict[str, Any], context: Any) -> Any:
    print("RECORDS", json.dumps(event["Records"]))
    _count(f"bulk-{len(event['Records'])}")


def _count(name: str) -> None:
    table.update_item(
        TableName=os.environ["TABLE"],
        Key={"pk": {"S": "count"}, "sk": {"S": name}},
        UpdateExpression="ADD n :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
