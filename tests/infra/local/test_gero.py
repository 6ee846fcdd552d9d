"""Gero's own template: every resource of both stacks is known to the local cloud."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.cloud import LocalCloud

FUNCTIONS = {
    "api",
    "ingest_rows",
    "plan_run",
    "consolidate_dataset",
    "dispatch_round",
    "evaluate_batch",
    "abandon_batch",
    "rank_round",
    "finish_run",
    "start_due",
    "serve_inference",
    "record_traces",
    "shadow_requests",
}


@pytest.fixture(scope="module")
def gero() -> Iterator[LocalCloud]:
    with LocalCloud.start() as running:
        yield running


def test_the_whole_template_starts_and_has_its_outputs(gero: LocalCloud) -> None:
    names = {"ApiUrl", "InferenceUrl", "TableName", "BucketName", "KeyId", "StateMachineArn"}
    assert names | {"EvaluationQueueUrl", "TraceQueueUrl"} <= set(gero.outputs)
    assert gero.outputs["ApiUrl"].rstrip("/") == gero.api_url
    assert gero.outputs["InferenceUrl"] == gero.inference_url


def test_every_function_is_there_and_none_runs_before_it_is_needed(gero: LocalCloud) -> None:
    assert {function: gero.workers(function) for function in FUNCTIONS} == {function: [] for function in FUNCTIONS}


def test_the_schedule_of_a_function_can_be_fired_by_the_functions_name(gero: LocalCloud, eventually: Any) -> None:
    gero.fire_schedule("start_due")
    invocation = eventually(lambda: next((one for one in gero.invocations if one.function == "start_due"), None))
    assert invocation.error is None
    assert gero.denied == []
