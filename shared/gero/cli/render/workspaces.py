"""A workspace and the limits of its plan."""

from typing import Any

from rich.console import Group, RenderableType

from gero.cli.render import formats
from gero.cli.render.tables import card, cell, table


def workspace_report(found: dict[str, Any]) -> RenderableType:
    """The workspace, then one line for each limit of its plan."""
    facts = card(
        [
            ("name", found["name"]),
            ("id", found["id"]),
            ("created", formats.age(found["created_at"])),
            ("plan", f"{found['plan_title']} – {found['plan_description']}"),
        ]
    )
    limits = table(["limit", "allowed", "used"], numbers=["used"], wide=["limit"])
    for one in found["limits"]:
        used = formats.NOTHING if one["used"] is None else f"{one['used']:,}"
        limits.add_row(cell(one["title"]), cell(one["allowed"]), used)
    return Group(facts, "", limits)
