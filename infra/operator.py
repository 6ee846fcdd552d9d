"""The operator's command: what a deployment needs before it has its first token. Uses your AWS credentials.

python -m infra.operator create-workspace "My team" --plan enterprise
python -m infra.operator set-plan 01a2… free
python -m infra.operator create-operator-token "cron of the office"
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import boto3
import typer

from gero import access
from gero.access import Workspace, plans
from gero.kit import GeroError, aws

app = typer.Typer(help=__doc__, add_completion=False, no_args_is_help=True)
Stack = Annotated[str, typer.Option(help="The application's CloudFormation stack.")]
_PLANS = ", ".join(plans.PLANS)


@app.command()
def create_workspace(
    name: Annotated[str, typer.Argument(help="The workspace's name.")],
    plan: Annotated[str, typer.Option(help=f"Its plan: {_PLANS}.")] = plans.OF_OPERATORS,
    owner: Annotated[str | None, typer.Option(help="E-mail address of its first owner: prints an invitation.")] = None,
    stack: Stack = "GeroApp",
) -> None:
    """Create a workspace and print its first token, which may do everything in it and is shown only once."""
    outputs = _outputs(stack)
    environment, link = {"GERO_TABLE": outputs["TableName"]}, None
    with _told():
        email = access.invitations.checked_email(owner) if owner else None  # before anything is made
        workspace, secret = new_workspace(name, environment, plan)
        if email:
            with acting_in(environment):
                _, code = access.invitations.create(workspace.id, email, "owner", "the operator", "owner")
            link = f"{outputs['ApiUrl'].rstrip('/')}/invitation?code={code}"
    print(f"workspace  {workspace.name} ({workspace.id})")
    print(f"plan       {plans.PLANS[workspace.plan].title}")
    print(f"API        {outputs['ApiUrl']}")
    print(f"token      {secret}")
    if link:
        print(f"owner      {email}, once signed in, at {link}")
    print(f"\nNext: gero login --api-url {outputs['ApiUrl']}")


@app.command()
def list_workspaces(stack: Stack = "GeroApp") -> None:
    """List the workspaces and their plans, oldest first."""
    with acting_in({"GERO_TABLE": _outputs(stack)["TableName"]}):
        for workspace in access.workspaces.listed():
            print(f"{workspace.id}  {workspace.created_at}  {workspace.plan:13}  {workspace.name}")


@app.command()
def set_plan(
    workspace_id: Annotated[str, typer.Argument(help="The workspace's id, as it is listed.")],
    plan: Annotated[str, typer.Argument(help=f"Its new plan: {_PLANS}.")],
    stack: Stack = "GeroApp",
) -> None:
    """Give a workspace another plan, at once. Nothing that it has is taken away."""
    with acting_in({"GERO_TABLE": _outputs(stack)["TableName"]}), _told():
        workspace = access.workspaces.set_plan(workspace_id, plan)
    print(f"{workspace.name} ({workspace.id}) has the plan {plans.PLANS[workspace.plan].title}:\n")
    for limit in plans.PLANS[workspace.plan].limits():
        print(f"  {limit.title:45} {limit.allowed}")


@app.command()
def create_operator_token(
    name: Annotated[str, typer.Argument(help="Where it will be used.")],
    stack: Stack = "GeroApp",
) -> None:
    """Create a token that makes the deployment do what is due, and print it; it is shown only once."""
    outputs = _outputs(stack)
    with acting_in({"GERO_TABLE": outputs["TableName"]}):
        token, secret = access.operators.create(name)
    print(f"id     {token.id}")
    print(f"token  {secret}")
    print(f"\nNext: curl -X POST {outputs['ApiUrl'].rstrip('/')}/api/leaderboard-schedules/run-due \\")
    print(f'          -H "{access.operators.HEADER}: …"')


@app.command()
def list_operator_tokens(stack: Stack = "GeroApp") -> None:
    """List the operator tokens that work, oldest first."""
    with acting_in({"GERO_TABLE": _outputs(stack)["TableName"]}):
        for token in access.operators.listed():
            print(f"{token.id}  {token.created_at}  {token.name}")


@app.command()
def revoke_operator_token(
    token_id: Annotated[str, typer.Argument(help="The token's id, as it is listed.")],
    stack: Stack = "GeroApp",
) -> None:
    """Make an operator token stop working, at once."""
    with acting_in({"GERO_TABLE": _outputs(stack)["TableName"]}), _told():
        access.operators.revoke(token_id)


def new_workspace(name: str, environment: dict[str, str], plan: str = plans.OF_OPERATORS) -> tuple[Workspace, str]:
    """A workspace and its first token, in the deployment that `environment` names as it does for functions."""
    with acting_in(environment):
        return access.workspaces.create(name, plan)


def _outputs(stack: str) -> dict[str, str]:
    described: dict[str, Any] = boto3.client("cloudformation").describe_stacks(StackName=stack)
    return {output["OutputKey"]: output["OutputValue"] for output in described["Stacks"][0]["Outputs"]}


@contextmanager
def _told() -> Iterator[None]:
    """What the product refuses is the user's mistake: a sentence, not a traceback."""
    try:
        yield
    except GeroError as error:
        raise typer.BadParameter(error.message) from error


@contextmanager
def acting_in(environment: dict[str, str]) -> Iterator[None]:
    """Let this process's calls of the product act in the deployment that `environment` names."""
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    aws.forget_clients()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        aws.forget_clients()


if __name__ == "__main__":
    app()
