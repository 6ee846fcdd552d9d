"""DynamoDB tables and S3 buckets."""

from __future__ import annotations

from typing import Any

from infra.local.backend.wiring import REGION
from infra.local.deployment import Created, Stack
from infra.local.resources.registry import Handler, Properties

_INDEX_KEYS = ("IndexName", "KeySchema", "Projection")


def _table(stack: Stack, logical_id: str, properties: Properties) -> Created:
    """A table on demand, whatever its billing mode: capacity is not limited on one machine."""
    dynamodb = stack.client("dynamodb")
    name = properties.get("TableName") or stack.physical_name(logical_id)
    options: dict[str, Any] = {
        kind: [{key: index[key] for key in _INDEX_KEYS} for index in properties[kind]]
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
        if properties.get(kind)
    }
    if "StreamSpecification" in properties:
        options["StreamSpecification"] = {"StreamEnabled": True, **properties["StreamSpecification"]}
    table = dynamodb.create_table(
        TableName=name,
        KeySchema=properties["KeySchema"],
        AttributeDefinitions=properties["AttributeDefinitions"],
        BillingMode="PAY_PER_REQUEST",
        **options,
    )["TableDescription"]
    ttl = properties.get("TimeToLiveSpecification", {})
    if ttl.get("Enabled"):
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
    attributes = {"Arn": table["TableArn"], "TableId": table.get("TableId", name)}
    if "LatestStreamArn" in table:
        attributes["StreamArn"] = table["LatestStreamArn"]
    return Created(name, attributes)


def _bucket(stack: Stack, logical_id: str, properties: Properties) -> Created:
    s3 = stack.client("s3")
    name = properties.get("BucketName") or stack.physical_name(logical_id).lower()
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    if "VersioningConfiguration" in properties:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=properties["VersioningConfiguration"])
    attributes = {
        "Arn": f"arn:aws:s3:::{name}",
        "DomainName": f"{name}.s3.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.{REGION}.amazonaws.com",
    }
    return Created(name, attributes)


HANDLERS: dict[str, Handler] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::DynamoDB::GlobalTable": _table,
    "AWS::S3::Bucket": _bucket,
}
