"""The house rules of every Lambda."""

from pathlib import Path

from gero.kit import address
from tests.infra.synthesis import ROOT, Template, actions

WITHOUT_RESOURCE = {  # actions AWS knows no resource for: the delivery of a state machine's log
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
}
LIMITS = {  # seconds, megabytes
    "abandon_batch": (60, 512),
    "api": (29, 1024),
    "consolidate_dataset": (900, 1024),
    "dispatch_round": (300, 512),
    "evaluate_batch": (480, 1024),
    "finish_run": (300, 1024),
    "ingest_rows": (29, 1024),
    "open_review": (300, 1024),
    "plan_run": (900, 2048),
    "rank_round": (300, 1024),
    "record_traces": (60, 512),
    "serve_inference": (120, 1024),
    "shadow_requests": (120, 512),
    "start_due": (300, 512),
}


def test_every_function_runs_on_the_same_platform(app: Template) -> None:
    for name, function in app.functions.items():
        assert function["Runtime"] == "python3.13", name
        assert function["Architectures"] == ["arm64"], name


def test_every_function_has_its_own_limits_and_reserves_no_concurrency(app: Template) -> None:
    found = {name: (function["Timeout"], function["MemorySize"]) for name, function in app.functions.items()}
    assert found == LIMITS
    assert not any("ReservedConcurrentExecutions" in function for function in app.functions.values())


def test_every_handler_is_named_by_its_folder(app: Template) -> None:
    for name, function in app.functions.items():
        if name == "serve_inference":
            assert function["Handler"] == "functions/serve_inference/run.sh"
        else:
            assert function["Handler"] == f"functions.{name}.handler.handler"


def test_every_construct_is_named_by_its_folder(app: Template) -> None:
    resources = app.content["Resources"]
    for name in app.functions:
        path = Path(resources[app.logical_id_of(name)]["Metadata"]["aws:cdk:path"])
        assert path.parent.name == name


def test_every_log_is_kept_for_a_limited_time(app: Template) -> None:
    logs = app.of_type("AWS::Logs::LogGroup")
    for name, function in app.functions.items():
        assert function["LoggingConfig"]["LogGroup"]["Ref"] in logs, name
    assert all(log.get("RetentionInDays", 0) > 0 for log in logs.values())


def test_every_function_is_told_where_the_data_are(app: Template) -> None:
    for name, function in app.functions.items():
        variables = function["Environment"]["Variables"]
        assert {"GERO_TABLE", "GERO_BUCKET", "GERO_KEY_ID", "HF_ENDPOINT", "OPENROUTER_BASE_URL"} <= set(variables), (
            name
        )
        assert variables["GERO_PRIVATE_NETWORKS"] == address.LOOPBACK, "the tests synthesize the local variant"
        assert "PYTHONPATH" not in variables


def test_no_role_carries_an_aws_managed_policy(app: Template) -> None:
    assert not any(role.get("ManagedPolicyArns") for role in app.of_type("AWS::IAM::Role").values())


def test_no_grant_has_a_wildcard_action(app: Template) -> None:
    for role in app.of_type("AWS::IAM::Role"):
        for statement in app.statements_of(role):
            assert statement["Effect"] == "Allow"
            assert not [action for action in actions(statement) if "*" in action], role


def test_no_grant_is_on_every_resource_unless_aws_offers_no_narrower_one(app: Template) -> None:
    for role in app.of_type("AWS::IAM::Role"):
        for statement in app.statements_of(role):
            if "*" in statement["Resource"]:
                assert set(actions(statement)) <= WITHOUT_RESOURCE, role


def test_a_function_writes_to_its_own_log_only(app: Template) -> None:
    for name, function in app.functions.items():
        (grant,) = [s for s in app.grants_of(name) if any(action.startswith("logs:") for action in actions(s))]
        assert grant["Resource"] == {"Fn::GetAtt": [function["LoggingConfig"]["LogGroup"]["Ref"], "Arn"]}


def test_every_function_with_a_folder_is_deployed() -> None:
    from infra.asset import GROUPS

    shipped = {name for members in GROUPS.values() for name in members}
    assert shipped == set(LIMITS)
    assert {path.parent.name for path in (ROOT / "functions").glob("*/handler.py")} <= shipped
