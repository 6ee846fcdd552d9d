"""Production in words: who serves and why, what was decided before, and where events go."""

from collections.abc import Iterable
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gero.cli.render import formats
from gero.cli.render.tables import FAULT, GOOD, WARNING, card, cell, table


def production_card(found: dict[str, Any]) -> RenderableType:
    """What serves, why, and how far a challenger has come."""
    production, latest = found.get("production") or {}, found.get("latest_decision") or {}
    decided = f"{latest['action']}, {formats.age(latest['at'])}: {latest['reason']}" if latest else None
    return card(
        [
            ("serves", Text(formats.plain(production.get("name") or "nothing"), GOOD if production else WARNING)),
            ("since", formats.when(production.get("since"))),
            ("because", production.get("reason")),
            ("policy", found.get("promotion_policy")),
            ("last decision", decided),
            ("challenger", _evidence(found["pending"], latest) if found.get("pending") else None),
            ("", found.get("told")),
        ]
    )


def decision_table(decisions: Iterable[dict[str, Any]]) -> Table:
    """One line for each decision."""
    listed = table(["id", "when", "decision", "serves", "before", "by", "reason"], wide=["reason"])
    for one in decisions:
        changed = one.get("changed")
        listed.add_row(
            formats.short_id(one["id"]),
            formats.age(one["at"]),
            cell(one["action"], GOOD if changed else ""),
            cell(one.get("model") or formats.NOTHING),
            cell(one.get("previous_model") or formats.NOTHING) if changed else formats.NOTHING,
            "a person" if one.get("by") else "a run",
            cell(one["reason"]),
        )
    return listed


def webhook_report(found: dict[str, Any]) -> RenderableType:
    """Where events go, and those that did not arrive."""
    webhook = found.get("webhook")
    if not webhook:
        return Text("there is no webhook: gero notification set URL")
    parts: list[RenderableType] = [
        card(
            [
                ("url", webhook["url"]),
                ("events", ", ".join(webhook["events"])),
                ("last called", formats.when(webhook.get("called_at"))),
                ("trouble", Text(formats.plain(webhook["error"]), FAULT) if webhook.get("error") else None),
            ]
        )
    ]
    if found.get("waiting"):
        parts.append(_waiting(found["waiting"]))
    return Group(*parts)


def _waiting(events: Iterable[dict[str, Any]]) -> Table:
    listed = table(["event", "happened", "tries", "next try", "trouble"], numbers=["tries"], wide=["trouble"])
    for one in events:
        next_try = formats.age(one["next_try_at"]) if one.get("next_try_at") else Text("given up", FAULT)
        trouble = cell(one.get("error") or "")
        listed.add_row(cell(one["event"]), formats.age(one["at"]), formats.count(one["tries"]), next_try, trouble)
    return listed


def _evidence(evidence: dict[str, Any], latest: dict[str, Any]) -> str:
    rows = formats.counted(evidence["rows"], "row")
    needed = latest.get("rows_needed")
    more = f"; about {formats.counted(needed, 'more row')} needed" if needed else ""
    return (
        f"ahead by {evidence['difference']:+.3f} on {rows}, evidence {evidence['e_value']:,.3g}"
        f" of {evidence['e_value_needed']:,.3g}{more}"
    )
