"""How commands are declared: shared options, examples in --help, and the boundary where failures become exit codes."""

import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Annotated, Any, Concatenate, Final, ParamSpec, get_args, get_type_hints

import typer

from gero.cli.failure import FAILED, USAGE, Failure
from gero.cli.render.formats import plain
from gero.cli.session import Session

_Arguments = ParamSpec("_Arguments")

_CONNECTION = "Connection and output"
ApiUrl = Annotated[
    str | None, typer.Option("--api-url", metavar="URL", help="Address of the API.", rich_help_panel=_CONNECTION)
]
Token = Annotated[
    str | None, typer.Option("--token", metavar="TOKEN", help="API token to use.", rich_help_panel=_CONNECTION)
]
Json = Annotated[
    bool, typer.Option("--json", help="Print JSON, and nothing else, on stdout.", rich_help_panel=_CONNECTION)
]

Leaderboard = Annotated[
    str | None,
    typer.Argument(
        metavar="LEADERBOARD", help="Name or id; may be omitted when there is only one.", show_default=False
    ),
]
LeaderboardOption = Annotated[
    str | None,
    typer.Option("--leaderboard", "-l", metavar="NAME|ID", help="May be omitted when there is only one."),
]
Model = Annotated[
    str | None,
    typer.Argument(metavar="MODEL", help="Name or id; may be omitted when there is only one.", show_default=False),
]
ModelOption = Annotated[
    str | None, typer.Option("--model", "-m", metavar="NAME|ID", help="May be omitted when there is only one.")
]
# What may be named by its place, and the option that names it as well, since other commands take it only so.
_OTHER_WAYS: Final = (("leaderboard", Leaderboard, "-l", LeaderboardOption), ("model", Model, "-m", ModelOption))
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def new_group(description: str | None = None) -> typer.Typer:
    """A group of commands, such as `gero runs`; without a description, commands that stand alone."""
    return typer.Typer(help=description, no_args_is_help=True)


def command(
    app: typer.Typer, name: str, *examples: str, panel: str | None = None
) -> Callable[[Callable[Concatenate[Session, _Arguments], None]], Callable[Concatenate[Session, _Arguments], None]]:
    """Register a function of (session, its own arguments); the options of the session are added to them.

    `**options: Unpack[…]` of a typed dictionary is an option for each of its keys, None where it was not given.
    """

    def register(
        function: Callable[Concatenate[Session, _Arguments], None],
    ) -> Callable[Concatenate[Session, _Arguments], None]:
        app.command(name, epilog=_examples(examples), rich_help_panel=panel)(_with_session(function))
        return function

    return register


def _with_session(function: Callable[..., None]) -> Callable[..., None]:
    @wraps(function)
    def run(*, context: typer.Context, api_url: str | None, token: str | None, as_json: bool, **arguments: Any) -> None:
        before = context.obj or {}
        session = Session(api_url or before.get("api_url"), token or before.get("token"), as_json=as_json)
        with failures_reported():
            function(session, **_named_once(arguments))

    def option(name: str, kind: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)

    def expanded(parameter: inspect.Parameter) -> list[inspect.Parameter]:
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD:
            return [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)]
        (options,) = get_args(parameter.annotation)
        return [option(name, kind, None) for name, kind in get_type_hints(options, include_extras=True).items()]

    _, *own = inspect.signature(function).parameters.values()
    parameters = [
        option("context", typer.Context),
        *(one for parameter in own for one in expanded(parameter)),
        *(
            option(f"{noun}_option", as_option, None)
            for noun, by_place, _, as_option in _OTHER_WAYS
            for parameter in own
            if parameter.annotation == by_place
        ),
        option("as_json", Json, default=False),
        option("api_url", ApiUrl, default=None),
        option("token", Token, default=None),
    ]
    # Typer reads the signature, so what it sees is that of the function with the session's options in its place.
    run.__dict__["__signature__"] = inspect.Signature(parameters, return_annotation=None)
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _named_once(arguments: dict[str, Any]) -> dict[str, Any]:
    for noun, _, flag, _ in _OTHER_WAYS:
        named = arguments.pop(f"{noun}_option", None)
        if named and arguments[noun]:
            raise Failure(f"give the {noun} once, by its place or with {flag}", USAGE)
        if named:
            arguments[noun] = named
    return arguments


@contextmanager
def failures_reported() -> Iterator[None]:
    """The boundary of the process: whatever goes wrong inside becomes one sentence on stderr and an exit code."""
    try:
        yield
    except Failure as failure:
        _report(failure)
        raise typer.Exit(failure.exit_code) from failure
    except (typer.Exit, typer.Abort, BrokenPipeError):
        raise
    except Exception as bug:
        if os.environ.get("GERO_DEBUG"):
            raise
        _report(Failure(f"unexpected {type(bug).__name__}: {bug}; GERO_DEBUG=1 shows where"))
        raise typer.Exit(FAILED) from bug


def _report(failure: Failure) -> None:
    typer.echo(f"gero: {' '.join(plain(failure.message).split())}", err=True)
    for line in failure.lines:
        typer.echo(f"  {plain(line)}", err=True)


def _examples(examples: tuple[str, ...]) -> str:
    # Typer joins the lines of a paragraph, so each example is one; a bracket would be read as markup.
    return "\n\n".join(["[bold]Examples[/bold]", *(f"$ {example}".replace("[", r"\[") for example in examples)])
