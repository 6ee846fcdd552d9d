"""`gero infer`: ask the production model of a leaderboard."""

import json
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from gero.cli.command import LeaderboardOption, command, new_group
from gero.cli.failure import USAGE, Failure
from gero.cli.render import formats
from gero.cli.root import PRODUCTION
from gero.cli.session import Session

group = new_group()

Text = Annotated[str | None, typer.Argument(metavar="TEXT", help="The input; stdin by default.")]
Raw = Annotated[str | None, typer.Option("--raw", metavar="BODY", help="A whole JSON request instead of TEXT.")]


@command(
    group,
    "infer",
    'gero infer "My parcel is late" -l "Support triage"',
    "cat mail.txt | gero infer",
    """gero infer --raw '{"messages": [{"role": "user", "content": "Hi"}], "temperature": 0}' --json""",
    panel=PRODUCTION,
)
def infer(session: Session, text: Text = None, leaderboard: LeaderboardOption = None, raw: Raw = None) -> None:
    """Ask the production model; only its output goes to stdout."""
    ask(session, text, raw, lambda body: session.api.infer(session.leaderboard_id(leaderboard), body))


def ask(session: Session, text: str | None, raw: str | None, call: Callable[[Any], dict[str, Any]]) -> None:
    """Ask with TEXT, the body of --raw, or stdin, and print the output; Failure when there is none or two of them."""
    found = call(_body(text, raw))
    session.answer(found, lambda: str(found["output"]))
    cost, latency = formats.money(found.get("cost_usd")), formats.milliseconds(found.get("latency_ms"))
    session.note(f"{formats.plain(found.get('model'))} · {latency} · {cost}")


def _body(text: str | None, raw: str | None) -> Any:
    if raw is None:
        return {"input": text if text is not None else _stdin()}
    if text is not None:
        raise Failure("give either TEXT or --raw BODY", USAGE)
    try:
        return json.loads(raw)
    except ValueError as error:
        raise Failure(f"--raw is not JSON: {error}", USAGE) from error


def _stdin() -> str:
    if sys.stdin.isatty():
        raise Failure('say what to ask: gero infer "TEXT", or pipe it in', USAGE)
    return sys.stdin.read().rstrip("\n")
