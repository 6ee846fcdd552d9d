"""`gero candidate`: the models that compete on a leaderboard."""

import json
from typing import Annotated, Any, Literal, get_args

import typer

from gero.cli import lookup, render
from gero.cli.command import Leaderboard, LeaderboardOption, command, new_group
from gero.cli.failure import USAGE, Failure
from gero.cli.session import Session, read_secret

group = new_group("Add and remove the models that compete on a leaderboard.")

Price = typer.Option(min=0, metavar="USD", help="USD per million tokens.")
AuthMethod = Literal["none", "bearer", "x_api_key", "x_drgero_api_key", "authorization", "custom_header"]
_AUTH_HELP = f"How the token is sent: {', '.join(get_args(AuthMethod))}."


@command(
    group,
    "add",
    'gero candidate add "Support triage" --endpoint https://api.example.com/v1/chat/completions --model small-1',
    "gero candidate add --endpoint URL --model big-1 --auth-token-stdin --price-in 0.15 --price-out 0.6 < key.txt",
    "gero candidate add --endpoint URL --model big-1 --name big-cold --param temperature=0 --param max_tokens=64",
)
def add(
    session: Session,
    endpoint: Annotated[str, typer.Option(metavar="URL", help="Chat completions address that is called.")],
    leaderboard: Leaderboard = None,
    model: Annotated[str | None, typer.Option(help="Model name to send to the endpoint.")] = None,
    name: Annotated[str | None, typer.Option(help="Name in the ranking; the model's by default.")] = None,
    auth: Annotated[AuthMethod | None, typer.Option(metavar="METHOD", help=_AUTH_HELP)] = None,
    auth_token: Annotated[
        str | None,
        typer.Option(
            envvar="GERO_AUTH_TOKEN",
            metavar="TOKEN",
            help="The endpoint's token; others can see it in `ps`, so prefer stdin.",
        ),
    ] = None,
    auth_token_stdin: Annotated[bool, typer.Option("--auth-token-stdin", help="Read the token from stdin.")] = False,
    auth_header: Annotated[
        str | None, typer.Option(metavar="NAME", help="Header of the token, for --auth custom_header.")
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Parameter of every call; repeat for several.")
    ] = None,
    price_in: Annotated[float | None, Price] = None,
    price_out: Annotated[float | None, Price] = None,
    timeout: Annotated[int | None, typer.Option(min=1, metavar="SECONDS", help="Longest wait for one answer.")] = None,
) -> None:
    """Add a candidate to a leaderboard."""
    parameters = dict(_parameter(one) for one in param or [])
    secret = read_secret("Token of the endpoint") if auth_token_stdin else auth_token
    method = auth or ("custom_header" if auth_header else "bearer" if secret else "none")
    fields = {
        "platform": "custom",
        "endpoint_url": endpoint,
        "auth_method": method,
        "name": name,
        "model": model,
        "auth_token": None if method == "none" else secret,
        "auth_header_name": auth_header,
        "parameters": parameters or None,
        "input_cost_per_million_usd": price_in,
        "output_cost_per_million_usd": price_out,
        "timeout_seconds": timeout,
    }
    given = {field: value for field, value in fields.items() if value is not None}
    added = session.api.post(f"/api/leaderboards/{session.leaderboard_id(leaderboard)}/models", given)
    session.answer(added, lambda: f"Added candidate {added['name']} ({added['id']})")


@command(group, "list", 'gero candidate list "Support triage"')
def list_candidates(session: Session, leaderboard: Leaderboard = None) -> None:
    """List the candidates of a leaderboard."""
    found = session.api.get(f"/api/leaderboards/{session.leaderboard_id(leaderboard)}/models")
    session.answer(found, lambda: render.candidate_table(found["models"]))


@command(group, "remove", 'gero candidate remove small-1 -l "Support triage"')
def remove(
    session: Session,
    candidate: Annotated[str, typer.Argument(metavar="CANDIDATE", help="Name or id.")],
    leaderboard: LeaderboardOption = None,
) -> None:
    """Remove a candidate from a leaderboard."""
    leaderboard_id = session.leaderboard_id(leaderboard)
    found = lookup.model(session.api, leaderboard_id, candidate)
    session.api.delete(f"/api/leaderboards/{leaderboard_id}/models/{found['id']}")
    session.answer({"id": found["id"], "removed": True}, lambda: f"Removed candidate {found['name']}")


def _parameter(text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise Failure(f"--param {text} is not KEY=VALUE, such as temperature=0.2", USAGE)
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value  # not JSON: a text
