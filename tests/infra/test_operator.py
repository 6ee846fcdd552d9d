import json

import boto3
import pytest
from typer.testing import CliRunner, Result

from gero.access import operators
from gero.kit import Unauthenticated
from infra.operator import app


@pytest.fixture(autouse=True)
def deployed(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack whose outputs name the test's table, which the command learns from nowhere else."""
    template = {
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {"TableName": {"Value": "gero-test"}, "ApiUrl": {"Value": "https://api.test/"}},
    }
    boto3.client("cloudformation").create_stack(StackName="GeroApp", TemplateBody=json.dumps(template))
    monkeypatch.delenv("GERO_TABLE")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_an_operator_token_is_created_listed_and_revoked(monkeypatch: pytest.MonkeyPatch) -> None:
    created = run("create-operator-token", "cron of the office").output
    assert "https://api.test/api/leaderboard-schedules/run-due" in created
    words = created.split()
    token_id, secret = words[1], words[3]
    listed = run("list-operator-tokens").output
    assert listed.split()[0] == token_id
    assert "cron of the office" in listed
    assert secret not in listed
    with monkeypatch.context() as patch:
        patch.setenv("GERO_TABLE", "gero-test")
        assert operators.authenticate({"authorization": f"Bearer {secret}"}).id == token_id
    assert run("revoke-operator-token", token_id).exit_code == 0
    assert run("list-operator-tokens").output == ""
    monkeypatch.setenv("GERO_TABLE", "gero-test")
    with pytest.raises(Unauthenticated):
        operators.authenticate({"authorization": f"Bearer {secret}"})


def test_revoking_what_is_not_there_says_so() -> None:
    answer = run("revoke-operator-token", "nothing")
    assert answer.exit_code == 2
    assert "no such operator token" in answer.output


def test_the_first_workspace_is_created_with_its_token() -> None:
    created = run("create-workspace", "Team").output
    assert "drgero_" in created
    assert "https://api.test/" in created
