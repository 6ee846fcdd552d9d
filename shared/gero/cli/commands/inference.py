"""`gero infer`: ask the production model of a leaderboard."""

import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any, TypedDict, Unpack

import typer

from gero.cli import inference_address
from gero.cli.answer_stream import AnswerStream
from gero.cli.command import LeaderboardOption, command, new_group
from gero.cli.failure import USAGE, Failure
from gero.cli.render.answers import beside_answer
from gero.cli.render.formats import plain
from gero.cli.root import PRODUCTION
from gero.cli.session import Session

group = new_group()

Text = Annotated[str | None, typer.Argument(metavar="TEXT", help="The input; stdin by default.")]


class AskOptions(TypedDict, total=False):
    """What may be said of a question; None where it was not."""

    raw: Annotated[str | None, typer.Option("--raw", metavar="BODY", help="A whole JSON request instead of TEXT.")]
    system: Annotated[str | None, typer.Option("--system", metavar="TEXT", help="A system message before the text.")]
    stream: Annotated[
        bool | None,
        typer.Option("--stream/--no-stream", help="Print the answer as it comes; the default on a terminal."),
    ]


@command(
    group,
    "infer",
    'gero infer "My parcel is late" -l "Support triage"',
    "cat mail.txt | gero infer",
    "gero infer 'Hello' --system 'Answer in French.' --no-prompt --stream",
    """gero infer --raw '{"messages": [{"role": "user", "content": "Hi"}], "temperature": 0}' --json""",
    panel=PRODUCTION,
)
def infer(
    session: Session,
    text: Text = None,
    leaderboard: LeaderboardOption = None,
    no_prompt: Annotated[
        bool, typer.Option("--no-prompt", help="Leave the leaderboard's prompt out, so that the text goes as it is.")
    ] = False,
    **options: Unpack[AskOptions],
) -> None:
    """Ask the production model; only its output goes to stdout."""
    body = question(text, options, prompt=not no_prompt)
    stream = streams(session, options, body)
    ask(session, inference_address.of_leaderboard(session, leaderboard, stream=stream), body, stream=stream)


def question(text: str | None, options: AskOptions, *, prompt: bool = True) -> Any:
    """The request that asks TEXT, the body of --raw, or stdin; Failure when there is none or two of them."""
    raw, system = options.get("raw"), options.get("system")
    if raw is not None and (text is not None or system is not None or not prompt):
        raise Failure("give either TEXT or --raw BODY, which says all", USAGE)
    if raw is not None:
        return _json(raw)
    asked = text if text is not None else _stdin()
    if system is None and prompt:
        return {"input": asked}
    messages = [{"role": "system", "content": system}] if system is not None else []
    body = {"messages": [*messages, {"role": "user", "content": asked}]}
    return body if prompt else {**body, "apply_prompt": False}


def streams(session: Session, options: AskOptions, body: Any) -> bool:
    """Whether the answer is printed as it comes: as an option or the body says, else where somebody watches it."""
    wanted = options.get("stream")
    if wanted and session.as_json:
        raise Failure("--json prints the whole answer at its end, --stream as it comes: give one of them", USAGE)
    if wanted is None and not session.as_json:
        wanted = body.get("stream") if isinstance(body, dict) else False
        return bool(sys.stdout.isatty() if wanted is None else wanted)
    return bool(wanted)


def ask(session: Session, url: str, body: Any, *, stream: bool) -> None:
    """Ask at an address, and print the output: whole, or as it comes."""
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if name != "stream"} | ({"stream": True} if stream else {})
    if stream:
        _print_stream(session, url, body)
        return
    found, headers = session.api.ask(url, body)
    session.answer(found, lambda: str(found["output"]))
    message = ((found.get("choices") or [{}])[0].get("message")) or {}
    _note(session, found, headers, calls_tools=bool(message.get("tool_calls")))


def _print_stream(session: Session, url: str, body: Any) -> None:
    watched, begun = sys.stdout.isatty(), False
    with session.api.open_stream(url, body) as response:
        answer = AnswerStream(response.iter_bytes())
        try:
            for piece in answer:
                begun = True
                typer.echo(plain(piece) if watched else piece, nl=False)
        finally:
            if begun:
                typer.echo()  # also what broke off stays on a line of its own
    _note(session, answer.known, response.headers, calls_tools=answer.calls_tools)


def _note(session: Session, known: Mapping[str, Any], headers: Mapping[str, str], *, calls_tools: bool) -> None:
    for line in beside_answer(known, headers):
        session.note(line)
    if calls_tools:
        session.note("It calls tools: --json shows which")


def _json(raw: str) -> Any:
    try:
        return json.loads(raw)
    except ValueError as error:
        raise Failure(f"--raw is not JSON: {error}", USAGE) from error


def _stdin() -> str:
    if sys.stdin.isatty():
        raise Failure('say what to ask: gero infer "TEXT", or pipe it in', USAGE)
    return sys.stdin.read().rstrip("\n")
