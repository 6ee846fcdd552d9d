"""The state machine: every way through it ends in FinishRun or Failed."""

import json
from typing import Any

import pytest

from tests.infra.synthesis import Template

TASKS = ("PlanRun", "DispatchRound", "RankRound", "OpenReview", "FinishRun", "FailRun")


@pytest.fixture(scope="module")
def machine(app: Template) -> dict[str, Any]:
    """The definition, with `${logical id}` in place of references."""
    _, parts = app.only("AWS::StepFunctions::StateMachine")["DefinitionString"]["Fn::Join"]
    text = "".join(part if isinstance(part, str) else f"${{{_target(part)}}}" for part in parts)
    definition: dict[str, Any] = json.loads(text)
    return definition


def _target(reference: dict[str, Any]) -> str:
    target: str = reference["Ref"] if "Ref" in reference else reference["Fn::GetAtt"][0]
    return target


def function_of(app: Template, state: dict[str, Any]) -> str:
    ids = {app.logical_id_of(name): name for name in app.functions}
    return ids[state["Parameters"]["FunctionName"].strip("${}")]


def test_rounds_repeat_until_the_ranking_says_finished(machine: dict[str, Any]) -> None:
    states = machine["States"]
    assert machine["StartAt"] == "PlanRun"
    assert states["PlanRun"]["Next"] == "DispatchRound"
    assert states["DispatchRound"]["Next"] == "RankRound"
    assert states["RankRound"]["Next"] == "Finished"
    assert states["Finished"]["Choices"] == [{"Variable": "$.finished", "BooleanEquals": True, "Next": "Reviewed"}]
    assert states["Finished"]["Default"] == "DispatchRound"
    assert states["FinishRun"]["End"] is True


def test_people_are_asked_after_the_last_round_where_they_decide(machine: dict[str, Any]) -> None:
    states = machine["States"]
    assert states["Reviewed"]["Choices"] == [{"Variable": "$.review", "BooleanEquals": True, "Next": "OpenReview"}]
    assert states["Reviewed"]["Default"] == "FinishRun"
    assert states["OpenReview"]["Next"] == "FinishRun"


def test_each_step_calls_its_function(app: Template, machine: dict[str, Any]) -> None:
    called = [function_of(app, machine["States"][name]) for name in TASKS]
    assert called == ["plan_run", "dispatch_round", "rank_round", "open_review", "finish_run", "finish_run"]


def test_a_round_waits_for_the_token_of_its_last_worker(machine: dict[str, Any]) -> None:
    dispatch = machine["States"]["DispatchRound"]
    assert dispatch["Resource"].endswith(":states:::lambda:invoke.waitForTaskToken")
    assert dispatch["Parameters"]["Payload"] == {"task_token.$": "$$.Task.Token", "run.$": "$"}
    assert dispatch["ResultPath"] is None
    assert dispatch["TimeoutSeconds"] == 30 * 24 * 3600


def test_people_have_months_and_then_the_run_ends_with_what_they_said(machine: dict[str, Any]) -> None:
    review = machine["States"]["OpenReview"]
    assert review["Resource"].endswith(":states:::lambda:invoke.waitForTaskToken")
    assert review["Parameters"]["Payload"] == {"task_token.$": "$$.Task.Token", "run.$": "$"}
    assert review["ResultPath"] is None
    assert review["TimeoutSeconds"] == 90 * 24 * 3600
    assert machine["TimeoutSeconds"] > review["TimeoutSeconds"] + 24 * 3600
    assert review["Catch"][0] == {"ErrorEquals": ["States.Timeout"], "ResultPath": None, "Next": "FinishRun"}


@pytest.mark.parametrize("name", ["PlanRun", "RankRound", "FinishRun"])
def test_a_step_passes_the_plain_run_on(machine: dict[str, Any], name: str) -> None:
    step = machine["States"][name]
    assert step["Resource"].endswith(":states:::lambda:invoke")
    assert (step["Parameters"]["Payload.$"], step["OutputPath"]) == ("$", "$.Payload")


@pytest.mark.parametrize("name", TASKS)
def test_every_failure_leads_to_the_end_of_the_run(machine: dict[str, Any], name: str) -> None:
    *_, catch = machine["States"][name]["Catch"]
    after = "Failed" if name == "FailRun" else "FailRun"
    assert catch == {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": after}
    assert machine["States"]["FailRun"]["Next"] == "Failed"
    assert machine["States"]["Failed"]["Type"] == "Fail"


def test_a_failed_run_shows_the_error_it_failed_of(machine: dict[str, Any]) -> None:
    assert machine["States"]["FailRun"]["Parameters"]["Payload.$"] == "$"
    assert machine["States"]["FailRun"]["ResultPath"] is None
    assert machine["States"]["Failed"]["CausePath"] == "$.error.Cause"


@pytest.mark.parametrize("name", TASKS)
def test_every_step_is_tried_again_for_it_is_idempotent(machine: dict[str, Any], name: str) -> None:
    retries = machine["States"][name]["Retry"]
    retried = {error for retry in retries if retry.get("MaxAttempts") != 0 for error in retry["ErrorEquals"]}
    assert {"Lambda.ServiceException", "Lambda.TooManyRequestsException", "States.TaskFailed"} <= retried


def test_what_planning_refuses_fails_at_once(machine: dict[str, Any]) -> None:
    first = machine["States"]["PlanRun"]["Retry"][0]
    assert first["MaxAttempts"] == 0
    assert "Invalid" in first["ErrorEquals"]


def test_the_log_of_the_machine_holds_errors_and_no_data(app: Template) -> None:
    logging = app.only("AWS::StepFunctions::StateMachine")["LoggingConfiguration"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ERROR", False)


def test_runs_are_durable(app: Template) -> None:
    assert app.only("AWS::StepFunctions::StateMachine").get("StateMachineType", "STANDARD") == "STANDARD"


def test_the_clock_ticks_once_a_minute_for_start_due(app: Template) -> None:
    rule = app.only("AWS::Events::Rule")
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert rule["Targets"][0]["Arn"]["Fn::GetAtt"][0] == app.logical_id_of("start_due")
