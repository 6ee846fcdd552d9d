"""Models of OpenRouter, and how old its list is."""

from collections.abc import Iterable
from typing import Any, Final

from rich.table import Table

from gero.cli.render import formats
from gero.cli.render.tables import table, text

_MINUTE_SECONDS: Final = 60


def base_model_table(models: Iterable[dict[str, Any]]) -> Table:
    """One line for each model; prices are USD per million tokens. The id is whole, since other commands take it."""
    listed = table(
        ["id", "$ in", "$ out", "context", "weights", "since"], numbers=("$ in", "$ out", "context"), wide=["id"]
    )
    for one in models:
        listed.add_row(
            text(one["id"]),
            formats.money(one.get("input_cost_per_million_usd")),
            formats.money(one.get("output_cost_per_million_usd")),
            formats.count(one.get("context_length")),
            "open" if one.get("open_weights") else "closed",
            formats.day(one.get("created")),
        )
    return listed


def catalogue_in_words(catalogue: dict[str, Any]) -> str:
    """When the list was read, and whether OpenRouter could not be asked since."""
    seconds = catalogue.get("age_seconds") or 0
    age = "just now" if seconds < _MINUTE_SECONDS else f"{formats.duration(seconds)} ago"
    stale = ": OpenRouter cannot be asked just now" if catalogue.get("stale") else ""
    return f"OpenRouter's list, read {age}{stale}"
