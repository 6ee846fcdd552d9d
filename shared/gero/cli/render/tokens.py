"""API tokens of a workspace and push tokens of a leaderboard, without their secrets."""

from collections.abc import Iterable
from typing import Any

from rich.table import Table
from rich.text import Text

from gero.cli.render import formats
from gero.cli.render.tables import FAULT, GOOD, WARNING, card, cell, table


def token_table(tokens: Iterable[dict[str, Any]]) -> Table:
    """One line for each API token of the workspace."""
    names = ["id", "name", "scopes", "last used", "spent of budget", "resets", "expires", "state"]
    listed = table(names, numbers=("spent of budget",), wide=["scopes", "name"])
    for one in tokens:
        _, expires, state = _times(one)
        listed.add_row(
            formats.short_id(one["id"]),
            cell(one["name"]),
            cell(_scopes(one)),
            _last_used(one),
            _spent(one.get("budget")),
            formats.age((one.get("budget") or {}).get("resets_at")),
            expires,
            state,
        )
    return listed


def token_card(one: dict[str, Any]) -> Table:
    """Everything about one API token but its secret."""
    created, expires, state = _times(one)
    budget = one.get("budget") or {}
    return card(
        [
            ("name", one["name"]),
            ("id", one["id"]),
            ("ends in", one.get("last_four")),
            ("state", state),
            ("scopes", _scopes(one)),
            ("created", created),
            ("rotated", formats.age(one.get("rotated_at"))),
            ("expires", expires),
            ("last used", _last_used(one)),
            ("budget", _spent(one.get("budget")) if budget else "none: it may spend without limit"),
            ("left", formats.money(budget.get("remaining_usd"))),
            (
                "set aside",
                f"{formats.money(budget['held_usd'])} for requests in flight" if budget.get("held_usd") else "",
            ),
            ("resets", _resets(budget) if budget else ""),
        ]
    )


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


def _scopes(one: dict[str, Any]) -> str:
    return " ".join(one.get("scopes") or []) or "none"


def _last_used(one: dict[str, Any]) -> str:
    return formats.age(one["last_used_at"]) if one.get("last_used_at") else "never"


def _spent(budget: dict[str, Any] | None) -> str:
    if not budget:
        return formats.NOTHING
    return f"{formats.money(budget['used_usd'])} of {formats.money(budget['limit_usd'])}"


def _resets(budget: dict[str, Any]) -> str:
    return f"{budget['reset_interval']}, {formats.when(budget['resets_at'])}" if budget.get("resets_at") else "never"
