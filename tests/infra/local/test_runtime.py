"""The Lambda runtime: what a function sees, and what its caller gets when it fails."""

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from infra.local.backend.wiring import Outcome
from infra.local.cloud import LocalCloud


def call(cloud: LocalCloud, function: str, **event: Any) -> Outcome:
    return cloud.invoke(function, json.dumps(event).encode())


def result(cloud: LocalCloud, function: str, **event: Any) -> Any:
    outcome = call(cloud, function, **event)
    assert outcome.error is None, outcome.payload
    return json.loads(outcome.payload)


def error(outcome: Outcome) -> Any:
    assert outcome.error == "Unhandled"
    return json.loads(outcome.payload)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_function_sees_what_lambda_shows_it(cloud: LocalCloud) -> None:
    names = ["AWS_LAMBDA_FUNCTION_NAME", "TABLE", "EXTRA", "AWS_REGION", "LAMBDA_TASK_ROOT", "AWS_PROFILE"]
    seen = result(cloud, "Lab", do="describe", variables=names)
    assert seen["name"] == seen["variables"]["AWS_LAMBDA_FUNCTION_NAME"] == "Front-Lab"
    assert seen["arn"].endswith(":function:Front-Lab")
    assert seen["memory"] == "256"
    assert 8_000 < seen["remaining_ms"] <= 10_000
    assert seen["variables"]["TABLE"] == cloud.outputs["TableName"]
    assert seen["variables"]["EXTRA"] == "for every function"
    assert seen["variables"]["AWS_PROFILE"] is None
    assert seen["cwd"] == seen["variables"]["LAMBDA_TASK_ROOT"]


def test_a_warm_environment_is_used_again_with_a_new_request_id(cloud: LocalCloud) -> None:
    first, second = (result(cloud, "Lab", do="describe") for _ in range(2))
    assert first["pid"] == second["pid"]
    assert first["request_id"] != second["request_id"]
    assert first["pid"] in cloud.workers("Lab")


def test_an_error_of_the_handler_is_the_error_json_of_lambda(cloud: LocalCloud) -> None:
    failed = error(call(cloud, "Lab", do="raise"))
    assert failed["errorType"] == "LookupError"
    assert failed["errorMessage"] == "nothing of the kind"
    assert failed["stackTrace"]


def test_the_invoke_api_marks_a_failed_function(cloud: LocalCloud) -> None:
    answer = cloud.client("lambda").invoke(FunctionName="Front-Lab", Payload=b'{"do": "raise"}')
    assert answer["StatusCode"] == 200
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read())["errorType"] == "LookupError"


def test_a_timeout_kills_the_process(cloud: LocalCloud) -> None:
    pid = result(cloud, "Hurried", do="describe")["pid"]
    failed = error(call(cloud, "Hurried", do="sleep", seconds=30))
    assert "Task timed out after 1.00 seconds" in failed["errorMessage"]
    assert result(cloud, "Hurried", do="describe")["pid"] != pid
    assert not is_running(pid)


def test_a_process_that_exits_is_reported_and_replaced(cloud: LocalCloud) -> None:
    failed = error(call(cloud, "Lab", do="exit", status=3))
    assert failed["errorType"] == "Runtime.ExitError"
    assert "Runtime exited with error: exit status 3" in failed["errorMessage"]
    assert "signal: killed" in error(call(cloud, "Lab", do="kill"))["errorMessage"]
    assert result(cloud, "Lab", do="describe")["pid"] > 0


def test_what_a_function_started_ends_with_its_environment(cloud: LocalCloud) -> None:
    child = result(cloud, "Lab", do="child")
    assert is_running(child)
    call(cloud, "Lab", do="exit", status=1)
    result(cloud, "Lab", do="describe")
    assert not is_running(child)


@pytest.mark.parametrize(
    ("function", "kind", "text"),
    [("Broken", "RuntimeError", "no such luck"), ("Misspelt", "Runtime.HandlerNotFound", "no_such_handler")],
)
def test_an_init_error_is_the_answer_of_the_invocation(cloud: LocalCloud, function: str, kind: str, text: str) -> None:
    for _ in range(2):
        failed = error(call(cloud, function, do="describe"))
        assert failed["errorType"] == kind
        assert text in failed["errorMessage"]
    assert cloud.workers(function) == []


def test_a_response_beyond_six_megabytes_is_an_error(cloud: LocalCloud) -> None:
    assert len(result(cloud, "Lab", do="large", bytes=5_000_000)) == 5_000_000
    assert error(call(cloud, "Lab", do="large", bytes=7_000_000))["errorType"] == "Function.ResponseSizeTooLarge"


def test_the_temporary_folder_belongs_to_the_function_and_survives_a_crash(cloud: LocalCloud) -> None:
    assert result(cloud, "Lab", do="remember", text="first") is None
    call(cloud, "Lab", do="exit", status=1)
    assert result(cloud, "Lab", do="remember", text="second") == "first"
    assert result(cloud, "Hurried", do="remember", text="other") is None


def test_invocations_beyond_the_concurrency_wait(cloud: LocalCloud) -> None:
    pids: list[int] = []

    def invoke() -> None:
        pids.append(result(cloud, "Hurried", do="describe")["pid"])

    threads = [threading.Thread(target=invoke) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pids) == 12
    assert 1 <= len(set(pids)) <= 2


def test_warm_starts_environments_before_they_are_needed(cloud: LocalCloud) -> None:
    cloud.warm("Lab", 3)
    assert len(cloud.workers("Lab")) >= 3


def test_an_asynchronous_invocation_is_tried_three_times(cloud: LocalCloud, counter: Any, eventually: Any) -> None:
    event = json.dumps({"do": "count", "key": "async", "failures": 2}).encode()
    answer = cloud.client("lambda").invoke(FunctionName="Front-Lab", InvocationType="Event", Payload=event)
    assert answer["StatusCode"] == 202
    eventually(lambda: counter("async") == 3)


def test_an_event_invoke_config_sets_the_retries(cloud: LocalCloud, counter: Any, eventually: Any) -> None:
    event = json.dumps({"do": "count", "key": "once", "failures": 9}).encode()
    cloud.client("lambda").invoke(FunctionName="Front-Once", InvocationType="Event", Payload=event)
    eventually(lambda: counter("once") == 1)
    time.sleep(1.5)
    assert counter("once") == 1


def test_output_goes_to_the_log_of_the_function_and_invocations_are_recorded(cloud: LocalCloud) -> None:
    result(cloud, "Lab", do="print", text="hello from the lab")
    assert "hello from the lab" in cloud.log("Lab")
    call(cloud, "Lab", do="raise")
    last = cloud.invocations[-1]
    assert last.function == "Lab"
    assert last.duration_seconds > 0
    assert last.error
    assert "LookupError" in last.error
