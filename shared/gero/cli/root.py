"""The command `gero` itself: its options and its sections of help."""

from typing import Annotated, Final

import typer

from gero.cli.command import ApiUrl, Token

EVALUATE: Final = "Find the best model"
PRODUCTION: Final = "Use it"
ACCOUNT: Final = "Account"
_EPILOG = "Every command has examples: gero COMMAND --help. Exit codes: 0 done, 1 failed, 2 usage, 3 not signed in."


def new_app() -> typer.Typer:
    """The tool without its commands."""
    app = typer.Typer(
        name="gero",
        no_args_is_help=True,
        pretty_exceptions_enable=False,  # its tracebacks show local variables, tokens among them
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(epilog=_EPILOG)(_root)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"gero {version('gero')}")
        raise typer.Exit


def _root(
    context: typer.Context,
    api_url: ApiUrl = None,
    token: Token = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Find the language model that is best for your task, with evidence, and use it in production."""
    context.obj = {"api_url": api_url, "token": token}
