"""The operator's command: what a deployment needs before it has its first token. Uses your AWS credentials.

python -m infra.operator create-workspace "My team"
python -m infra.operator create-operator-token "cron of the office"
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import boto3
import typer

from gero import access
from gero.access import Workspace
from gero.kit import NotFound, aws

app = typer.Typer(help=__doc__, add_completion=False, no_args_is_help=True)
Stack = Annotated[str, typer.Option(help="The application's CloudFormation stack.")]


@app.command()
def create_workspace(
    name: Annotated[str, typer.Argument(help="The workspace's name.")],
    stack: Stack = "GeroApp",
) -> None:
    """Create a workspace and print its first token, which may do everything in it and is shown only once."""
    outputs = _outputs(stack)
    workspace, secret = new_workspace(name, {"GERO_TABLE": outputs["TableName"]})
    print(f"workspace  {workspace.name} ({workspace.id})")
    print(f"API        {outputs['ApiUrl']}")
    print(f"token      {secret}")
    print(f"\nNext: gero login --api-url {outputs['ApiUrl']}")


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
    with acting_in({"GERO_TABLE": _outputs(stack)["TableName"]}):
        try:
            access.operators.revoke(token_id)
        except NotFound as error:
            raise typer.BadParameter(error.message, param_hint="token_id") from error


def new_workspace(name: str, environment: dict[str, str]) -> tuple[Workspace, str]:
    """A workspace and its first token, in the deployment that `environment` names as it does for functions."""
    with acting_in(environment):
        return access.workspaces.create(name)


def _outputs(stack: str) -> dict[str, str]:
    described: dict[str, Any] = boto3.client("cloudformation").describe_stacks(StackName=stack)
    return {output["OutputKey"]: output["OutputValue"] for output in described["Stacks"][0]["Outputs"]}


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
