"""Options that several commands share, and what their texts mean."""

import json
import sys
from math import inf
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args

import typer

from gero.cli.failure import USAGE, Failure

NONE: Final = "none"

Algorithm = Literal["LAST_N", "RANDOM_SHUFFLE", "WEIGHTED_SHUFFLE"]
ALGORITHMS: Final = ", ".join(get_args(Algorithm))
Expiry = Literal["none", "1h", "1d", "7d", "30d", "90d", "180d", "1y"]

AlgorithmOption = Annotated[
    Algorithm | None,
    typer.Option(
        "--algorithm",
        case_sensitive=False,
        metavar="WHICH",
        help=f"Which rows, when there are more: {ALGORITHMS}.",
        show_default=False,
    ),
]
Expires = Annotated[Expiry, typer.Option("--expires", help="How long it is valid.")]
Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        metavar="FIELD=NAME",
        help="Where the rows have a field: input=question, or input=ticket.text inside objects; repeat for several.",
    ),
]


def field_mapping(fields: list[str] | None) -> dict[str, str] | None:
    """The API's `field_mapping` of --field options; `none` alone goes back to the usual names."""
    if fields == [NONE]:
        return {}
    return dict(_field(one) for one in fields) if fields else None


def _field(text: str) -> tuple[str, str]:
    name, separator, place = text.partition("=")
    if not separator or not name or not place:
        raise Failure(f"--field {text} is not FIELD=NAME, such as input=question", USAGE)
    return name, place


def prompt_text(prompt: str | None, file: str | None) -> str | None:
    """The text of --prompt or of --prompt-file, where `-` is stdin; None when neither is given."""
    if file is None:
        return prompt
    if prompt is not None:
        raise Failure("give either --prompt or --prompt-file", USAGE)
    return read_text(file, "prompt")


def read_text(file: str, noun: str) -> str:
    """The text of a file, or of stdin for `-`; Failure names what it should have been."""
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"the {noun} cannot be read from {file}: {error}", USAGE) from error


def number_or_none(option: str, text: str) -> float | None:
    """An amount in dollars, or another number from 0 on, of an option; None for `none`."""
    if text == NONE:
        return None
    try:
        number = float(text.removeprefix("$"))
    except ValueError:
        number = -1.0
    if not 0 <= number < inf:
        raise Failure(f"{option} {text} is neither a number, such as 2.5, nor none", USAGE)
    return number


def key_values(texts: list[str] | None, option: str, example: str) -> dict[str, Any]:
    """KEY=VALUE options as one object; a value that is JSON is read as such, any other is a text."""
    return dict(_key_value(text, option, example) for text in texts or [])


def _key_value(text: str, option: str, example: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise Failure(f"{option} {text} is not KEY=VALUE, such as {example}", USAGE)
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value  # not JSON: a text


def dataset_size(
    rows: int | None, algorithm: str | None, *, auto_rows: bool | None, all_rows: bool | None
) -> dict[str, Any]:
    """The API's `dataset` of how many rows are taken, and which; Failure when options contradict each other."""
    if sum((rows is not None, bool(auto_rows), bool(all_rows))) > 1:
        raise Failure("give one of --rows, --auto-rows and --all-rows", USAGE)
    if rows is None and not auto_rows:
        if algorithm:
            raise Failure("--algorithm says which rows of --rows or --auto-rows: give one of them", USAGE)
        return {"mode": "ALL"}
    limit = {"auto": True} if rows is None else {"auto": False, "rows": rows}
    return {"mode": "LIMIT", "limit": {**limit, **({"algorithm": algorithm} if algorithm else {})}}
