"""Accounts elsewhere that a workspace may connect."""

from collections.abc import Iterable
from typing import Any

from rich.table import Table
from rich.text import Text

from gero.cli.render import formats
from gero.cli.render.tables import FAINT, GOOD, cell, table


def integration_table(integrations: Iterable[dict[str, Any]]) -> Table:
    """One line for each provider."""
    listed = table(["provider", "state", "account", "changed"], wide=["account"])
    for one in integrations:
        state = Text("connected", GOOD) if one["connected"] else Text("not connected", FAINT)
        account = cell(one.get("account") or formats.NOTHING)
        listed.add_row(cell(one["provider"]), state, account, formats.age(one.get("updated_at")))
    return listed
