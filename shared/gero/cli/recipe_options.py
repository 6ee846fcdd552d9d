"""What a model of the Models area is made of, as options: its base, its prompt, its examples, its parameters."""

import json
from typing import Annotated, Any, Final

import typer

from gero.cli.endpoint_options import BaseOptions, Params, base_fields
from gero.cli.failure import USAGE, Failure
from gero.cli.options import key_values, prompt_text, read_text
from gero.cli.session import Session

_PANEL: Final = "What it is told before the question"
_MOST_EXAMPLES: Final = 50
_EXAMPLES: Final = 8


def _option(*names: str, **settings: Any) -> Any:
    return typer.Option(*names, rich_help_panel=_PANEL, **settings)


class RecipeOptions(BaseOptions, total=False):
    """What may be said of a recipe; None where it was not."""

    prompt: Annotated[str | None, _option("--prompt", help="System prompt, beside the prompt of a leaderboard.")]
    prompt_file: Annotated[str | None, _option("--prompt-file", metavar="FILE", help="Read it from a file, or - .")]
    examples: Annotated[
        int | None,
        _option(
            min=1, max=_MOST_EXAMPLES, metavar="N", help=f"Show so many rows of a dataset as examples; {_EXAMPLES}."
        ),
    ]
    examples_from: Annotated[
        str | None, _option(metavar="LEADERBOARD", help="Whose dataset the examples are drawn from.")
    ]
    examples_version: Annotated[int | None, _option(min=1, metavar="N", help="Of this version, not the newest.")]
    seed: Annotated[int | None, _option(min=0, metavar="N", help="The same seed draws the same rows; 0 by default.")]
    examples_file: Annotated[
        str | None, _option(metavar="FILE", help='Examples of yours, as JSON lines or - : {"input": …, "output": …}.')
    ]
    param: Params


def recipe_fields(session: Session, options: RecipeOptions, leaderboard: str | None = None) -> dict[str, Any]:
    """The API's fields of what was given. Examples are drawn from `leaderboard` unless another one was named."""
    fields = {
        "base": base_fields(options),
        "system_prompt": prompt_text(options.get("prompt"), options.get("prompt_file")),
        "examples": _examples(session, options, leaderboard),
        "parameters": key_values(options.get("param"), "--param", "temperature=0.2") or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _examples(session: Session, options: RecipeOptions, leaderboard: str | None) -> Any:
    drawn = {name: options.get(name) for name in ("examples", "examples_from", "examples_version", "seed")}
    wanted = any(value is not None for value in drawn.values())
    file = options.get("examples_file")
    if file is not None:
        if wanted:
            raise Failure("give the examples either with --examples-file or with --examples", USAGE)
        given = _read(file)
        if not given:
            raise Failure(f"{file} holds no examples", USAGE)
        return given
    if not wanted:
        return None
    choice = {
        "leaderboard_id": session.leaderboard_id(options.get("examples_from") or leaderboard),
        "dataset_version": options.get("examples_version"),
        "count": options.get("examples") or _EXAMPLES,
        "seed": options.get("seed"),
    }
    return {name: value for name, value in choice.items() if value is not None}


def _read(file: str) -> list[Any]:
    text = read_text(file, "examples")
    try:
        whole = json.loads(text)
    except ValueError:
        return [_example(file, number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    return whole if isinstance(whole, list) else [whole]


def _example(file: str, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise Failure(f"{file}, line {number}: not JSON: {error}", USAGE) from error
