"""API tokens of a workspace, without their secrets."""

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
        expires = formats.moment(one.get("expires_at"))
        revoked = one.get("revoked_at")
        over = expires is not None and formats.age(one["expires_at"]).endswith(("ago", "now"))
        listed.add_row(
            formats.short_id(one["id"]),
            cell(one["name"]),
            cell(" ".join(one.get("scopes") or []) or "none"),
            formats.age(one.get("created_at")),
            formats.age(one.get("expires_at")) if expires else "never",
            Text("revoked", FAULT) if revoked else Text("expired", WARNING) if over else Text("active", GOOD),
        )
    return listed
