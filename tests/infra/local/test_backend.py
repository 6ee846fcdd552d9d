"""The services: atomic under threads, cheap on large tables, true to what was written."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import moto
import pytest

from infra.local.backend import seams
from infra.local.cloud import LocalCloud

THREADS = 16


@pytest.fixture
def table(cloud: LocalCloud) -> Any:
    return cloud.client("dynamodb")


def key(sort: str, partition: str = "backend") -> dict[str, Any]:
    return {"pk": {"S": partition}, "sk": {"S": sort}}


def number(cloud: LocalCloud, sort: str) -> int:
    item = cloud.client("dynamodb").get_item(TableName=cloud.outputs["TableName"], Key=key(sort))["Item"]
    return int(item["n"]["N"])


def add_one(cloud: LocalCloud, sort: str) -> dict[str, Any]:
    return {
        "TableName": cloud.outputs["TableName"],
        "Key": key(sort),
        "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }


def in_threads(work: Callable[[int], Any], count: int) -> list[Any]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, range(count)))


def test_no_update_is_lost_under_threads(cloud: LocalCloud, table: Any) -> None:
    in_threads(lambda _: table.update_item(**add_one(cloud, "sum")), 160)
    assert number(cloud, "sum") == 160


def test_no_transaction_is_lost_or_half_done_under_threads(cloud: LocalCloud, table: Any) -> None:
    def transact(_: int) -> None:
        table.transact_write_items(
            TransactItems=[{"Update": add_one(cloud, "left")}, {"Update": add_one(cloud, "right")}]
        )

    in_threads(transact, 96)
    assert (number(cloud, "left"), number(cloud, "right")) == (96, 96)


def test_one_of_many_conditional_writes_wins(cloud: LocalCloud, table: Any) -> None:
    def claim(thread: int) -> bool:
        try:
            table.put_item(
                TableName=cloud.outputs["TableName"],
                Item={**key(f"lock-{thread // THREADS}"), "by": {"N": str(thread)}},
                ConditionExpression="attribute_not_exists(pk)",
            )
        except table.exceptions.ConditionalCheckFailedException:
            return False
        return True

    assert sum(in_threads(claim, 10 * THREADS)) == 10


def test_a_cancelled_transaction_leaves_every_item_as_it_was(cloud: LocalCloud, table: Any) -> None:
    name = cloud.outputs["TableName"]
    table.put_item(TableName=name, Item={**key("kept"), "n": {"N": "7"}})
    with pytest.raises(table.exceptions.TransactionCanceledException) as caught:
        table.transact_write_items(
            TransactItems=[
                {"Update": add_one(cloud, "kept")},
                {"Put": {"TableName": name, "Item": key("never")}},
                {"ConditionCheck": {"TableName": name, "Key": key("x"), "ConditionExpression": "attribute_exists(pk)"}},
            ]
        )
    assert [reason["Code"] for reason in caught.value.response["CancellationReasons"]] == [
        "None",
        "None",
        "ConditionalCheckFailed",
    ]
    assert number(cloud, "kept") == 7
    assert "Item" not in table.get_item(TableName=name, Key=key("never"))


def test_messages_are_delivered_once_under_threads(cloud: LocalCloud) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="threads")["QueueUrl"]
    in_threads(lambda n: sqs.send_message(QueueUrl=url, MessageBody=str(n)), 100)

    def receive(_: int) -> list[str]:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in messages]

    received = [body for bodies in in_threads(receive, 24) for body in bodies]
    assert sorted(map(int, received)) == list(range(100))


def test_a_long_poll_ends_as_soon_as_a_message_comes_and_blocks_nobody(cloud: LocalCloud) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="poll")["QueueUrl"]
    with ThreadPoolExecutor(1) as pool:
        poll = pool.submit(sqs.receive_message, QueueUrl=url, WaitTimeSeconds=15)
        time.sleep(0.3)
        assert not poll.done()
        started = time.monotonic()
        sqs.send_message(QueueUrl=url, MessageBody="hello")
        assert poll.result()["Messages"][0]["Body"] == "hello"
        assert time.monotonic() - started < 5


def test_the_cost_of_a_call_does_not_grow_with_the_table(cloud: LocalCloud, table: Any) -> None:
    """Ratios within one run: twenty thousand items may not make a call of a few items three times as dear."""
    small, large = (_new_table(table, name) for name in ("small", "large"))
    _fill("large", 20_000)
    _fill("small", 200)

    def calls(name: str) -> None:
        change = {
            "TableName": name,
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
        updates = [{"Update": {**change, "Key": key(f"{n:03}", "p1")}} for n in range(3)]
        table.transact_write_items(TransactItems=updates)
        table.update_item(**change, Key=key("000", "p1"))
        table.get_item(TableName=name, Key=key("000", "p1"))
        table.query(
            TableName=name,
            KeyConditionExpression="pk = :p",
            ExpressionAttributeValues={":p": {"S": "p1"}},
            Limit=10,
        )

    assert _best(lambda: calls(large)) < 3 * _best(lambda: calls(small))


def test_a_query_finds_the_same_on_table_and_index(cloud: LocalCloud, table: Any) -> None:
    name = cloud.outputs["TableName"]
    for n in range(3):
        item = {**key(f"q{n}", "queried"), "due_kind": {"S": "run"}, "due_at": {"S": f"2026-0{3 - n}"}}
        table.put_item(TableName=name, Item=item)
    table.put_item(TableName=name, Item={**key("no", "queried"), "due_at": {"S": "2026-01"}})
    values = {":p": {"S": "queried"}, ":s": {"S": "q"}}
    of_table = table.query(
        TableName=name,
        KeyConditionExpression="pk = :p AND begins_with(sk, :s)",
        ExpressionAttributeValues=values,
        ScanIndexForward=False,
    )
    assert [item["sk"]["S"] for item in of_table["Items"]] == ["q2", "q1", "q0"]
    of_index = table.query(
        TableName=name,
        IndexName="due",
        KeyConditionExpression="due_kind = :k AND due_at <= :t",
        ExpressionAttributeValues={":k": {"S": "run"}, ":t": {"S": "2026-02"}},
    )
    assert [item["sk"]["S"] for item in of_index["Items"]] == ["q2", "q1"]
    nothing = table.query(
        TableName=name, KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "nobody"}}
    )
    assert nothing["Items"] == []
    between = {"KeyConditionExpression": "pk = :p AND sk BETWEEN :a AND :b", "ProjectionExpression": "sk, absent"}
    limits = {"ExpressionAttributeValues": {":p": values[":p"], ":a": {"S": "q0"}, ":b": {"S": "q1"}}, "Limit": 1}
    first = table.query(TableName=name, **between, **limits)
    second = table.query(TableName=name, **between, **limits, ExclusiveStartKey=first["LastEvaluatedKey"])
    assert [first["Items"], second["Items"]] == [[{"sk": {"S": "q0"}}], [{"sk": {"S": "q1"}}]]


def test_every_type_of_attribute_survives_a_round_trip(cloud: LocalCloud, table: Any) -> None:
    name = cloud.outputs["TableName"]
    item = {
        **key("types"),
        "text": {"S": 'ü"\n'},
        "number": {"N": "1.5"},
        "bytes": {"B": b"\xff\x00"},
        "flag": {"BOOL": False},
        "nothing": {"NULL": True},
        "texts": {"SS": ["a", "b"]},
        "numbers": {"NS": ["1", "2"]},
        "blobs": {"BS": [b"\x01", b"\x02"]},
        "nested": {"M": {"list": {"L": [{"N": "1"}, {"M": {}}]}}},
    }
    table.put_item(TableName=name, Item=item)
    assert table.get_item(TableName=name, Key=key("types"))["Item"] == item
    assert "Item" not in table.get_item(TableName=name, Key=key("nobody"))
    old = table.put_item(TableName=name, Item=key("types"), ReturnValues="ALL_OLD")
    assert old["Attributes"] == item
    batch = table.batch_get_item(RequestItems={name: {"Keys": [key("types"), key("nobody")]}})
    assert batch["Responses"][name] == [key("types")]


def test_objects_of_every_size_keep_their_bytes_and_metadata(cloud: LocalCloud) -> None:
    s3, bucket = cloud.client("s3"), cloud.outputs["BucketName"]
    for size in (0, 1, 3_000_000):
        s3.put_object(Bucket=bucket, Key=f"size/{size}", Body=b"x" * size, Metadata={"a_b": "c"})
        head = s3.head_object(Bucket=bucket, Key=f"size/{size}")
        assert (head["ContentLength"], head["Metadata"]) == (size, {"a_b": "c"})
        assert s3.get_object(Bucket=bucket, Key=f"size/{size}")["Body"].read() == b"x" * size
    assert len(s3.list_objects_v2(Bucket=bucket, Prefix="size/")["Contents"]) == 3


def test_a_missing_seam_names_the_version_of_moto(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seams, "SEAMS", (*seams.SEAMS, ("moto.sqs.models", "SQSBackend.gone")))
    with pytest.raises(seams.UnsupportedMotoError, match=rf"moto {moto.__version__} has no moto.sqs.models.SQSBackend"):
        seams.check()


def _new_table(dynamodb: Any, name: str) -> str:
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": "S"} for attribute in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def _fill(name: str, count: int) -> None:
    """Straight into moto: twenty thousand calls would take minutes."""
    from moto.dynamodb.models import dynamodb_backends

    backend = dynamodb_backends["123456789012"]["eu-west-1"]
    for n in range(count):
        backend.put_item(name, {**key(f"{n % 100:03}", f"p{n // 100}"), "n": {"N": "0"}})


def _best(work: Callable[[], None]) -> float:
    def seconds() -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    return min(seconds() for _ in range(8))
