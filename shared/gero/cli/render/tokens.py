"""API tokens of a workspace and push tokens of a leaderboard, without their secrets."""

from collections.abc import Iterable
from typing import Any

from rich.table import Table
from rich.text import Text

from gero.cli.render import formats
from gero.cli.render.tables import FAULT, GOOD, WARNING, cell, table


def token_table(tokens: Iterable[dict[str, Any]]) -> Table:
    """One line for each API token of the workspace."""
    listed = table(["id", "name", "scopes", "created", "expires", "state"], wide=["scopes", "name"])
    for one in tokens:
        scopes = cell(" ".join(one.get("scopes") or []) or "none")
        listed.add_row(formats.short_id(one["id"]), cell(one["name"]), scopes, *_times(one))
    return listed


def push_token_table(tokens: Iterable[dict[str, Any]]) -> Table:
    """One line for each push token of a leaderboard."""
    listed = table(["id", "name", "ends in", "created", "expires", "state"], wide=["name"])
    for one in tokens:
        listed.add_row(formats.short_id(one["id"]), cell(one["name"]), cell(one.get("last_four")), *_times(one))
    return listed


def _times(one: dict[str, Any]) -> tuple[str, str, Text]:
    expires = formats.moment(one.get("expires_at"))
    over = expires is not None and formats.age(one["expires_at"]).endswith(("ago", "now"))
    state = Text("expired", WARNING) if over else Text("active", GOOD)
    return (
        formats.age(one.get("created_at")),
        formats.age(one.get("expires_at")) if expires else "never",
        Text("revoked", FAULT) if one.get("revoked_at") else state,
    )
