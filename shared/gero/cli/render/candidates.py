"""Candidates of a leaderboard, without their tokens."""

from collections.abc import Iterable
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from gero.cli.render import formats
from gero.cli.render.tables import card, cell, table, text


def candidate_table(models: Iterable[dict[str, Any]]) -> Table:
    """One line for each candidate; prices are USD per million tokens."""
    listed = table(
        ["id", "name", "model", "endpoint", "auth", "$ in", "$ out"],
        numbers=("$ in", "$ out"),
        wide=["endpoint", "name"],
    )
    for one in models:
        listed.add_row(
            formats.short_id(one["id"]),
            text(one["name"]),
            cell(one.get("model") or formats.NOTHING),
            cell(one.get("endpoint_url") or one.get("platform")),
            cell(_auth(one)),
            formats.money(one.get("input_cost_per_million_usd")),
            formats.money(one.get("output_cost_per_million_usd")),
        )
    return listed


def candidate_card(one: dict[str, Any]) -> RenderableType:
    """Everything about one candidate; its token is never part of it."""
    parameters = ", ".join(f"{name}={value}" for name, value in (one.get("parameters") or {}).items())
    return card(
        [
            ("name", one["name"]),
            ("id", one["id"]),
            ("endpoint", one.get("endpoint_url")),
            ("model", one.get("model")),
            ("auth", _auth(one)),
            ("parameters", parameters),
            ("$ in / 1M", formats.money(one.get("input_cost_per_million_usd"))),
            ("$ out / 1M", formats.money(one.get("output_cost_per_million_usd"))),
        ]
    )


def _auth(model: dict[str, Any]) -> str:
    method = str(model.get("auth_method") or "none")
    return method if method == "none" or model.get("has_auth_token") else f"{method} (no token)"
