import json

import boto3
import pytest

from functions.record_traces.handler import handler
from gero import traces
from tests.cloud import BUCKET
from tests.functions.conftest import Ready
from tests.functions.context import Context


def recorded(ready: Ready) -> traces.Page:
    return traces.find(ready.workspace, ready.leaderboard.id, limit=10, offset=0, batch_limit=10, source="inference")


def test_the_traces_of_an_event_become_one_object_and_can_be_read(ready: Ready, context: Context) -> None:
    event = ready.event("record_traces", "two_traces", candidate=ready.good)
    assert handler(event, context) == {"batchItemFailures": []}
    page = recorded(ready)
    assert page.batch_count == 1
    assert [trace.output for trace in page.traces] == ["shipping", "shipping"]
    assert page.traces[0].trace_id > page.traces[1].trace_id, "newest first"


def test_the_same_messages_again_store_nothing_more(ready: Ready, context: Context) -> None:
    event = ready.event("record_traces", "two_traces")
    handler(event, context)
    handler(event, context)
    assert recorded(ready).scanned_rows == 2


def test_a_message_that_cannot_be_read_is_reported_and_the_others_are_stored(ready: Ready, context: Context) -> None:
    event = ready.event("record_traces", "two_traces")
    event["Records"][0]["body"] = "{}"
    failed = handler(event, context)["batchItemFailures"]
    assert failed == [{"itemIdentifier": event["Records"][0]["messageId"]}]
    assert len(recorded(ready).traces) == 1


def test_when_the_bucket_is_out_of_reach_the_messages_stay(
    ready: Ready, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = ready.event("record_traces", "two_traces")
    monkeypatch.setenv("GERO_BUCKET", "no-such-bucket")
    assert len(handler(event, context)["batchItemFailures"]) == 2
    monkeypatch.setenv("GERO_BUCKET", BUCKET)
    assert not recorded(ready).traces
    assert boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=f"{ready.workspace}/x")["KeyCount"] == 0


def test_traces_are_kept_apart_by_how_long_they_are_kept(ready: Ready, context: Context) -> None:
    event = ready.event("record_traces", "two_traces")
    first, second = (json.loads(record["body"]) for record in event["Records"])
    event["Records"][0]["body"] = json.dumps(first | {"retention_days": 30})
    assert handler(event, context) == {"batchItemFailures": []}
    assert recorded(ready).batch_count == 2
    tags = {}
    client = boto3.client("s3")
    for found in client.list_objects_v2(Bucket=BUCKET, Prefix=f"{ready.workspace}/{ready.leaderboard.id}/traces/")[
        "Contents"
    ]:
        for tag in client.get_object_tagging(Bucket=BUCKET, Key=found["Key"])["TagSet"]:
            tags[tag["Key"]] = tag["Value"]
    assert tags == {"gero-retention": "30"}
    assert second["trace"]["trace_id"] in {trace.trace_id for trace in recorded(ready).traces}
