"""What would be lost for good if it were wrong."""

from typing import Any

from tests.infra.synthesis import Template


def test_the_table_can_be_restored_to_any_second_of_the_last_weeks(data: Template) -> None:
    table = data.only("AWS::DynamoDB::Table")
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_items_expire_by_their_own_attribute(data: Template) -> None:
    specification = data.only("AWS::DynamoDB::Table")["TimeToLiveSpecification"]
    assert specification == {"AttributeName": "expires_at", "Enabled": True}


def test_due_work_is_found_through_its_index(data: Template) -> None:
    (index,) = data.only("AWS::DynamoDB::Table")["GlobalSecondaryIndexes"]
    keys = [(key["AttributeName"], key["KeyType"]) for key in index["KeySchema"]]
    assert index["IndexName"] == "due"
    assert keys == [("due_kind", "HASH"), ("due_at", "RANGE")]
    assert index["Projection"] == {"ProjectionType": "ALL"}


def test_nothing_of_the_data_stack_is_deleted_with_it(data: Template) -> None:
    kinds = {"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key"}
    kept = {body["Type"] for body in data.content["Resources"].values() if body.get("DeletionPolicy") == "Retain"}
    replaced = {
        body["Type"] for body in data.content["Resources"].values() if body.get("UpdateReplacePolicy") == "Retain"
    }
    assert kept == replaced == kinds


def test_the_bucket_is_versioned_and_closed_to_the_public(data: Template) -> None:
    bucket = data.only("AWS::S3::Bucket")
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["BucketEncryption"]


def test_the_bucket_refuses_requests_without_tls(data: Template) -> None:
    statements = data.only("AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    conditions = [statement["Condition"] for statement in statements if statement["Effect"] == "Deny"]
    assert {"Bool": {"aws:SecureTransport": "false"}} in conditions


def lifecycle(data: Template) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = data.only("AWS::S3::Bucket")["LifecycleConfiguration"]["Rules"]
    return rules


def test_traces_are_forgotten_after_the_days_that_their_tag_says(data: Template) -> None:
    found = {}
    for rule in lifecycle(data):
        for tag in rule.get("TagFilters", []):
            assert tag["Key"] == "gero-retention"
            assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 1, "its versions go with it"
            found[tag["Value"]] = rule["ExpirationInDays"]
    assert found == {"7": 7, "30": 30, "90": 90, "365": 365}


def test_replaced_objects_and_abandoned_uploads_are_cleaned_away(data: Template) -> None:
    (rule,) = (one for one in lifecycle(data) if "TagFilters" not in one)
    assert rule["Status"] == "Enabled"
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] >= 7
    assert rule["AbortIncompleteMultipartUpload"]
    assert "ExpirationInDays" not in rule


def test_the_key_of_secrets_rotates(data: Template) -> None:
    assert data.only("AWS::KMS::Key")["EnableKeyRotation"] is True
