"""People of a workspace: members, and who is invited."""

from collections.abc import Iterable
from typing import Any

from rich.table import Table
from rich.text import Text

from gero.cli.render import formats
from gero.cli.render.tables import GOOD, WARNING, cell, table


def people_table(members: Iterable[dict[str, Any]], invitations: Iterable[dict[str, Any]]) -> Table:
    """One line for each member, then one for each open invitation."""
    listed = table(["id", "e-mail", "role", "state", "since", "expires", "invited by"], wide=["e-mail", "invited by"])
    for one in members:
        since = formats.age(one.get("joined_at"))
        listed.add_row(*_who(one), Text("member", GOOD), since, formats.NOTHING, formats.NOTHING)
    for one in invitations:
        times = formats.age(one.get("created_at")), formats.age(one.get("expires_at"))
        listed.add_row(*_who(one), Text("invited", WARNING), *times, cell(one.get("invited_by")))
    return listed


def _who(one: dict[str, Any]) -> tuple[Any, Any, Any]:
    return formats.short_id(one["id"]), cell(one["email"]), cell(one["role"])
