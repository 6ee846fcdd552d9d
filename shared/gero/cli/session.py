"""What one command works with: the settings, the API, and the two streams it answers on."""

import json
import os
import sys
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO

import typer

from gero.cli import lookup, settings
from gero.cli.failure import NOT_SIGNED_IN, USAGE, Failure
from gero.cli.render.formats import plain

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from gero.cli.client import Client

# Not a terminal: whoever reads the pipe wants whole cells, not as many as fit on a screen.
_UNLIMITED_WIDTH = 10_000


class Session:
    """One call of the tool. Answers go to stdout (only JSON with --json), everything else to stderr."""

    def __init__(self, api_url: str | None = None, token: str | None = None, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self.given_api_url = api_url
        self.given_token = token

    @cached_property
    def settings(self) -> settings.Settings:
        """The address and token in use; Failure when there is no address."""
        return settings.resolve(self.given_api_url, self.given_token)

    @cached_property
    def api(self) -> "Client":
        """The API with the token; Failure when there is none."""
        if self.settings.token is None:
            hint = "run `gero login` or set GERO_API_TOKEN"
            raise Failure(f"not signed in to {self.settings.api_url}: {hint}", NOT_SIGNED_IN)
        return self.connect(self.settings.token)

    def connect(self, token: str | None, *, push_token: str | None = None) -> "Client":
        """The API of the settings with another token, or without one."""
        # Imported when needed, and without httpx's own command line tool, which takes more than half of the time.
        modules: dict[str, Any] = sys.modules
        modules.setdefault("httpx._main", None)
        from gero.cli.client import Client

        return Client(self.settings.api_url, token, self.settings.inference_url, push_token=push_token)

    def leaderboard(self, reference: str | None) -> dict[str, Any]:
        """The leaderboard meant by a name, an id, or nothing when there is only one."""
        return lookup.leaderboard(self.api, reference)

    def leaderboard_id(self, reference: str | None) -> str:
        """The id of the leaderboard meant."""
        return lookup.leaderboard_id(self.api, reference)

    def model_id(self, reference: str | None) -> str:
        """The id of the model of the Models area meant by a name, an id, or nothing when there is only one."""
        return lookup.model_id(self.api, reference)

    def answer(self, data: Any, view: Callable[[], "RenderableType"]) -> None:
        """Print the answer: `data` as JSON, or what `view` makes of it for people."""
        if self.as_json:
            typer.echo(json.dumps(data, indent=2, ensure_ascii=False))
            return
        shown = view()
        if isinstance(shown, str):
            # A sentence needs no rich, and a secret no line breaks of a narrow terminal.
            typer.echo(plain(shown) if sys.stdout.isatty() else shown)
        else:
            self.stdout.print(shown)

    def note(self, text: str) -> None:
        """Say something beside the answer, to people only."""
        if not self.as_json:
            self.stderr.print(text, style="dim", markup=False, soft_wrap=True)

    def confirm(self, question: str, *, yes: bool) -> None:
        """Ask before something is lost; ends the command unless the answer is yes."""
        if yes:
            return
        if not sys.stdin.isatty():
            raise Failure(f"{question} Nobody can be asked here: pass --yes to confirm", USAGE)
        typer.confirm(question, abort=True, err=True)

    @cached_property
    def stdout(self) -> "Console":
        """The console of answers."""
        return _console(sys.stdout, stderr=False)

    @cached_property
    def stderr(self) -> "Console":
        """The console of progress and notes."""
        return _console(sys.stderr, stderr=True)


def read_secret(question: str) -> str:
    """A secret typed unseen, or the first line of a pipe."""
    secret = typer.prompt(question, hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    if not secret.strip():
        raise Failure(f"{question}: nothing was given")
    return str(secret).strip()


def _console(stream: TextIO, *, stderr: bool) -> "Console":
    from rich.console import Console

    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")  # a terminal without Unicode shows "?" instead of failing
    width = None if stream.isatty() or "COLUMNS" in os.environ else _UNLIMITED_WIDTH
    return Console(stderr=stderr, highlight=False, width=width)
