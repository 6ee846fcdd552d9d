import json
import os
from typing import Any

import pytest

from gero.kit import Conflict, Unavailable, aws, conditions, queues, table
from gero.kit.table import Changes, Write
from tests.gero.faults import Faults

COUNT = Write(key=("p", "s"), changes=Changes(add={"count": 1}))


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: 0.0)


@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError"])
def test_a_transaction_that_met_another_is_tried_again(faults: Faults, reason: str) -> None:
    seen = faults.fail("dynamodb", "TransactWriteItems", 2, "TransactionCanceledException", reason, "None")
    table.transact([COUNT])
    assert len(seen) == 3
    assert table.get("p", "s") == {"pk": "p", "sk": "s", "count": 1}


def test_a_transaction_that_meets_others_for_ever_is_unavailable_and_may_be_retried(faults: Faults) -> None:
    faults.fail("dynamodb", "TransactWriteItems", 1000, "TransactionCanceledException", "TransactionConflict")
    with pytest.raises(Unavailable) as busy:
        table.transact([COUNT])
    assert busy.value.retryable


def test_a_failed_condition_is_a_conflict_at_once_even_beside_contention(faults: Faults) -> None:
    reasons = ("ConditionalCheckFailed", "TransactionConflict")
    seen = faults.fail("dynamodb", "TransactWriteItems", 1000, "TransactionCanceledException", *reasons)
    with pytest.raises(Conflict):
        table.transact([Write({"pk": "p", "sk": "t"}, condition=conditions.absent()), COUNT])
    assert len(seen) == 1


def test_an_error_of_the_service_is_not_mistaken_for_a_conflict(faults: Faults) -> None:
    faults.fail("dynamodb", "PutItem", 1, "ValidationException")
    with pytest.raises(Exception, match="ValidationException"):
        table.put({"pk": "p", "sk": "s"})
    faults.fail("dynamodb", "TransactWriteItems", 1, "TransactionCanceledException", "ValidationError")
    with pytest.raises(Exception, match="TransactionCanceledException"):
        table.transact([COUNT])


def test_a_single_write_waits_for_a_transaction_on_its_item(faults: Faults) -> None:
    seen = faults.fail("dynamodb", "PutItem", 3, "TransactionConflictException")
    table.put({"pk": "p", "sk": "s"}, conditions.absent())
    assert len(seen) == 4
    faults.fail("dynamodb", "UpdateItem", 1000, "TransactionConflictException")
    with pytest.raises(Unavailable):
        table.update("p", "s", Changes(add={"count": 1}))


def test_what_a_batch_write_hands_back_is_sent_again(faults: Faults) -> None:
    def hand_back_all(request: dict[str, Any]) -> dict[str, Any]:
        return {"UnprocessedItems": json.loads(request["body"])["RequestItems"]}

    for number in range(40):
        table.put({"pk": "p", "sk": f"{number:02}"})
    seen = faults.answer("dynamodb", "BatchWriteItem", 3, hand_back_all)
    table.delete_many(("p", f"{number:02}") for number in range(40))
    assert len(seen) == 5
    assert list(table.query("p")) == []


def test_a_batch_write_that_is_never_taken_is_unavailable(faults: Faults) -> None:
    left = {"gero-test": [{"DeleteRequest": {"Key": {"pk": {"S": "p"}, "sk": {"S": "s"}}}}]}
    faults.answer("dynamodb", "BatchWriteItem", 1000, lambda _: {"UnprocessedItems": left})
    with pytest.raises(Unavailable):
        table.delete_many([("p", "s")])


def test_messages_that_the_queue_refuses_are_sent_again_and_no_other(faults: Faults, queue_url: str) -> None:
    failed = {"Failed": [{"Id": "1", "SenderFault": False, "Code": "InternalError"}]}
    faults.answer("sqs", "SendMessageBatch", 1, lambda _: failed)
    queues.send(queue_url, ["a", "b", "c"])
    assert received(queue_url) == ["b"]


def test_a_queue_that_refuses_for_ever_is_unavailable(faults: Faults, queue_url: str) -> None:
    failed = {"Failed": [{"Id": "0", "SenderFault": False, "Code": "InternalError"}]}
    faults.answer("sqs", "SendMessageBatch", 1000, lambda _: failed)
    with pytest.raises(Unavailable):
        queues.send(queue_url, ["a"])


def test_any_number_of_messages_arrives_each_once(queue_url: str) -> None:
    queues.send(queue_url, [f"{number:02}" for number in range(23)])
    queues.send(queue_url, [])
    assert sorted(received(queue_url)) == [f"{number:02}" for number in range(23)]


def test_a_hidden_message_is_seen_by_nobody_else(queue_url: str) -> None:
    queues.send(queue_url, ["a"])
    sqs = aws.client("sqs")
    first = sqs.receive_message(QueueUrl=queue_url, VisibilityTimeout=0)["Messages"][0]
    queues.hide(queue_url, first["ReceiptHandle"], 30)
    assert received(queue_url) == []


@pytest.fixture
def queue_url(cloud: None) -> str:
    return os.environ["GERO_EVALUATION_QUEUE_URL"]


def received(url: str) -> list[str]:
    found: list[str] = []
    while batch := aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [message["Body"] for message in batch]
    return found
