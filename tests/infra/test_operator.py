import json

import boto3
import pytest
from typer.testing import CliRunner, Result

from gero import access
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
    assert "plan       Pay-as-you-go" in created


def test_the_first_owner_is_invited_by_a_link(monkeypatch: pytest.MonkeyPatch) -> None:
    created = run("create-workspace", "Team", "--owner", "Olga@Example.com").output
    code = created.split("https://api.test/invitation?code=")[1].split()[0]
    monkeypatch.setenv("GERO_TABLE", "gero-test")
    invitation = access.invitations.find(code)
    assert (invitation.email, invitation.role, invitation.workspace_name) == ("olga@example.com", "owner", "Team")


def test_an_owner_without_an_address_makes_no_workspace() -> None:
    answer = run("create-workspace", "Team", "--owner", "olga")
    assert answer.exit_code == 2
    assert "give one e-mail address" in answer.output
    assert run("list-workspaces").output == ""


def test_a_workspace_is_created_with_a_plan_listed_and_given_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    run("create-workspace", "Team")
    created = run("create-workspace", "Small shop", "--plan", "free").output
    assert "plan       Free" in created
    secret = next(word for word in created.split() if word.startswith("drgero_"))
    team, shop = (line.split(maxsplit=3) for line in run("list-workspaces").output.splitlines())
    assert (team[2:], shop[2:]) == (["pay-as-you-go", "Team"], ["free", "Small shop"])
    told = run("set-plan", shop[0], "enterprise").output
    assert told.startswith(f"Small shop ({shop[0]}) has the plan Enterprise:")
    assert "Leaderboards                                  unlimited" in told
    assert run("list-workspaces").output.splitlines()[1].split()[2] == "enterprise"
    monkeypatch.setenv("GERO_TABLE", "gero-test")
    caller = access.authenticate({"x-api-key": secret})
    assert access.plans.of(caller.workspace_id).name == "enterprise"


def test_a_plan_that_there_is_not_is_told_those_there_are_and_makes_no_workspace() -> None:
    answer = run("create-workspace", "Team", "--plan", "gold")
    assert answer.exit_code == 2
    assert "'gold' is not a plan; use one of free, pay-as-you-go, enterprise" in " ".join(words(answer))
    assert run("list-workspaces").output == ""
    run("create-workspace", "Team")
    team = run("list-workspaces").output.split()[0]
    assert "use one of free, pay-as-you-go, enterprise" in " ".join(words(run("set-plan", team, "gold")))
    assert run("list-workspaces").output.split()[2] == "pay-as-you-go"


def test_a_workspace_that_there_is_not_is_told() -> None:
    answer = run("set-plan", "nowhere", "free")
    assert answer.exit_code == 2
    assert "there is no workspace nowhere" in " ".join(words(answer))
    assert "Traceback" not in answer.output


def words(answer: Result) -> list[str]:
    """What was told, without the frame around it."""
    return answer.output.replace("│", " ").split()
