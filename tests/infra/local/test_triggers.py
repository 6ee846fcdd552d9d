"""Queues, schedules and events: what invokes functions without a caller."""

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.local.backend.wiring import Outcome
from infra.local.cloud import LocalCloud
from infra.local.triggers.cron import ScheduleError, next_due
from infra.local.triggers.queue_source import failed_ids
from infra.local.triggers.schedules import UnknownScheduleError

MONDAY = datetime(2026, 11, 23, 14, 30, 20, tzinfo=UTC)


def test_only_the_failed_messages_of_a_batch_come_back_and_end_in_the_dead_letter_queue(
    cloud: LocalCloud, counter: Any, eventually: Any
) -> None:
    sqs = cloud.client("sqs")
    bodies = [{"id": f"m{number}", "poison": number == 2} for number in range(5)]
    entries = [{"Id": str(number), "MessageBody": json.dumps(body)} for number, body in enumerate(bodies)]
    cloud.warm("Consumer")  # a slow start must not outlast the messages' visibility timeout
    sqs.send_message_batch(QueueUrl=cloud.outputs["QueueUrl"], Entries=entries)

    def dead() -> Any:
        return sqs.receive_message(QueueUrl=cloud.outputs["DeadUrl"], AttributeNames=["All"]).get("Messages")

    letters = eventually(dead, 60)
    assert [json.loads(letter["Body"])["id"] for letter in letters] == ["m2"]
    assert [counter(f"m{number}") for number in range(5)] == [1, 1, 2, 1, 1]


def test_a_window_gathers_a_large_batch_and_records_have_the_shape_of_lambda(
    cloud: LocalCloud, counter: Any, eventually: Any
) -> None:
    sqs, url = cloud.client("sqs"), cloud.outputs["BulkUrl"]
    attributes = {"kind": {"DataType": "String", "StringValue": "test"}}
    for start in (0, 10):
        numbers = range(start, start + (10 if start == 0 else 2))
        entries = [{"Id": str(n), "MessageBody": f"b{n}", "MessageAttributes": attributes} for n in numbers]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    eventually(lambda: counter("bulk-12") == 1)
    line = next(line for line in cloud.log("Bulk").splitlines() if line.startswith("RECORDS"))
    record = json.loads(line.removeprefix("RECORDS "))[0]
    assert sorted(record) == [
        "attributes",
        "awsRegion",
        "body",
        "eventSource",
        "eventSourceARN",
        "md5OfBody",
        "messageAttributes",
        "messageId",
        "receiptHandle",
    ]
    assert record["messageAttributes"]["kind"]["stringValue"] == "test"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["eventSource"] == "aws:sqs"


@pytest.mark.parametrize(
    ("payload", "failed"),
    [
        (b"null", set()),
        (b"{}", set()),
        (b'{"batchItemFailures": []}', set()),
        (b'{"batchItemFailures": null}', set()),
        (b'{"batchItemFailures": [{"itemIdentifier": "b"}]}', {"b"}),
        (b'{"batchItemFailures": [{"itemIdentifier": "nobody"}]}', {"a", "b"}),
        (b'{"batchItemFailures": [{"itemIdentifier": ""}]}', {"a", "b"}),
        (b'{"batchItemFailures": [{"wrong": "a"}]}', {"a", "b"}),
        (b'{"batchItemFailures": ["a"]}', {"a", "b"}),
        (b'{"failures": []}', {"a", "b"}),
        (b'"text"', {"a", "b"}),
        (b"no json", {"a", "b"}),
    ],
)
def test_which_messages_of_a_batch_have_failed(payload: bytes, failed: set[str]) -> None:
    assert failed_ids(Outcome(payload), ["a", "b"], partial_failures=True) == failed


def test_an_error_fails_the_batch_and_without_reports_an_answer_means_nothing() -> None:
    assert failed_ids(Outcome(b"{}", "Unhandled"), ["a", "b"], partial_failures=True) == {"a", "b"}
    assert failed_ids(Outcome(b'"text"'), ["a", "b"], partial_failures=False) == set()


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        ("rate(1 minute)", "2026-11-23T14:31:20"),
        ("rate(2 hours)", "2026-11-23T16:30:20"),
        ("cron(0/15 * * * ? *)", "2026-11-23T14:45:00"),
        ("cron(30 14 * * ? *)", "2026-11-24T14:30:00"),
        ("cron(0 8 ? * MON-FRI *)", "2026-11-24T08:00:00"),
        ("cron(0 8 ? * SUN *)", "2026-11-29T08:00:00"),
        ("cron(0 8 ? * 1 *)", "2026-11-29T08:00:00"),
        ("cron(0 10 1,15 * ? *)", "2026-12-01T10:00:00"),
        ("cron(0 0 L * ? *)", "2026-11-30T00:00:00"),
        ("cron(0 0 LW JAN ? *)", "2027-01-29T00:00:00"),
        ("cron(0 0 29 2 ? *)", "2028-02-29T00:00:00"),
        ("cron(0 0 ? * 6#3 *)", "2026-12-18T00:00:00"),
        ("cron(0 0 ? * 6L *)", "2026-11-27T00:00:00"),
        ("cron(0 0 15W * ? *)", "2026-12-15T00:00:00"),
        ("cron(0 0 1W AUG ? 2027)", "2027-08-02T00:00:00"),
        ("at(2027-01-01T00:00:00)", "2027-01-01T00:00:00"),
    ],
)
def test_when_a_schedule_is_due(expression: str, due: str) -> None:
    assert next_due(expression, MONDAY) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_a_schedule_in_the_past_is_never_due() -> None:
    assert next_due("at(2020-01-01T00:00:00)", MONDAY) is None
    assert next_due("cron(0 0 1 1 ? 2020)", MONDAY) is None


@pytest.mark.parametrize(
    "expression",
    ["every day", "rate(0 minutes)", "cron(* * * * *)", "cron(* * * * * *)", "cron(61 * * * ? *)", "cron(x * * * ? *)"],
)
def test_what_is_no_schedule_is_refused(expression: str) -> None:
    with pytest.raises(ScheduleError):
        next_due(expression, MONDAY)


def test_a_schedule_fires_when_it_is_told_to(cloud: LocalCloud, counter: Any, eventually: Any) -> None:
    cloud.fire_schedule("daily")
    eventually(lambda: counter("daily") == 1)
    with pytest.raises(UnknownScheduleError, match="Front-Daily"):
        cloud.fire_schedule("hourly")


def test_an_event_reaches_the_function_whose_pattern_it_fits(cloud: LocalCloud, counter: Any, eventually: Any) -> None:
    entries = [
        {"Source": source, "DetailType": "t", "Detail": json.dumps({"key": source})} for source in ("sample", "other")
    ]
    cloud.client("events").put_events(Entries=entries)
    eventually(lambda: counter("sample") == 1)
    assert counter("other") == 0


def test_a_machine_waits_for_its_token_chooses_and_ends(cloud: LocalCloud, eventually: Any) -> None:
    states, table = cloud.client("stepfunctions"), cloud.client("dynamodb")
    given = {"do": "count", "key": "machine", "failures": 1, "name": "one"}
    execution = states.start_execution(stateMachineArn=cloud.outputs["Machine"], input=json.dumps(given))
    key = {"pk": {"S": "token"}, "sk": {"S": "one"}}
    seen: list[str] = []

    def new_token() -> str | None:
        item = table.get_item(TableName=cloud.outputs["TableName"], Key=key).get("Item")
        token = str(item["token"]["S"]) if item else None
        return None if token in seen else token

    for again in (True, False):
        seen.append(eventually(new_token))
        states.send_task_success(taskToken=seen[-1], output=json.dumps({"again": again}))
    state = eventually(lambda: _finished(states, execution["executionArn"]))
    assert state["status"] == "SUCCEEDED"
    names = Counter(
        event["stateEnteredEventDetails"]["name"]
        for event in states.get_execution_history(executionArn=execution["executionArn"])["events"]
        if "stateEnteredEventDetails" in event
    )
    assert names == {"Prepare": 1, "Await": 2, "Decide": 2, "Done": 1}


def test_a_machine_catches_what_its_task_raises(cloud: LocalCloud, eventually: Any) -> None:
    states = cloud.client("stepfunctions")
    execution = states.start_execution(stateMachineArn=cloud.outputs["Machine"], input='{"do": "raise"}')
    state = eventually(lambda: _finished(states, execution["executionArn"]))
    assert (state["status"], state["error"]) == ("FAILED", "Prepared.Badly")


def test_a_machine_may_only_invoke_what_its_role_allows(cloud: LocalCloud, eventually: Any) -> None:
    states = cloud.client("stepfunctions")
    execution = states.start_execution(stateMachineArn=cloud.outputs["Forbidden"], input="{}")
    state = eventually(lambda: _finished(states, execution["executionArn"]))
    assert state["status"] == "FAILED"
    assert any(denial.action == "lambda:InvokeFunction" for denial in cloud.denied)


def _finished(states: Any, arn: str) -> Any:
    state = states.describe_execution(executionArn=arn)
    return None if state["status"] == "RUNNING" else state
