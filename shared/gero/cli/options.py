"""Options that several commands share, and what their texts mean."""

from typing import Annotated, Final, Literal, get_args

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
