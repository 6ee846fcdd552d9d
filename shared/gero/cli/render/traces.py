"""Traces: questions and answers that were recorded, one on a line."""

from collections.abc import Iterable
from typing import Any

from rich.table import Table

from gero.cli.render import formats
from gero.cli.render.tables import FAULT, cell, table


def trace_table(rows: Iterable[dict[str, Any]]) -> Table:
    """One line for each trace, its texts cut short."""
    listed = table(
        ["when", "source", "model", "input", "output", "score", "latency", "cost"],
        numbers=("score", "latency", "cost"),
        wide=["model", "input", "output"],
    )
    for row in rows:
        answer = cell(row["error"], FAULT) if row.get("error") else None
        listed.add_row(
            formats.age(row.get("created_at")),
            cell(row.get("source")),
            cell(row.get("model") or formats.short_id(row.get("model_id"))),
            cell(row.get("input")),
            answer or cell(row.get("output")),
            formats.score(row.get("score")),
            formats.milliseconds(row.get("latency_ms")),
            formats.money(row.get("cost_usd")),
        )
    return listed
