"""Versions of a dataset, their rows, and what is different between two."""

import json
from collections.abc import Iterable
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gero.cli.render import formats
from gero.cli.render.tables import FAULT, GOOD, WARNING, card, cell, table, text

_SHORT_HASH: Final = 12


def version_in_words(version: dict[str, Any]) -> str:
    """Its number, size and age."""
    rows = formats.counted(version["rows"], "row")
    return f"version {version['version']}: {rows}, {formats.age(version.get('created_at'))}"


def version_table(versions: Iterable[dict[str, Any]]) -> Table:
    """One line for each version."""
    listed = table(["version", "rows", "created", "sha256", "from"], numbers=("version", "rows"), wide=["from"])
    for one in versions:
        listed.add_row(
            str(one["version"]),
            formats.count(one["rows"]),
            formats.age(one.get("created_at")),
            cell(str(one.get("sha256"))[:_SHORT_HASH]),
            cell(source_in_words(one.get("source") or {})),
        )
    return listed


def source_in_words(source: dict[str, Any]) -> str:
    """Where the rows of a version came from."""
    if source.get("repo"):
        return f"{source['repo']} {source.get('path', '')} at {str(source.get('commit') or '')[:_SHORT_HASH]}"
    facts = ", ".join(f"{name} {json.dumps(value)}" for name, value in source.items() if name != "kind")
    return f"{source.get('kind', formats.NOTHING)}{f': {facts}' if facts else ''}"


def row_table(rows: Iterable[dict[str, Any]]) -> Table:
    """One line for each row, its texts cut short; the id is whole, since other commands take it."""
    listed = table(["id", "input", "expected", "from"], wide=["id", "input", "expected"])
    for row in rows:
        listed.add_row(text(row.get("id")), cell(row.get("input")), cell(_expected(row)), cell(_origin(row)))
    return listed


def comparison(found: dict[str, Any]) -> RenderableType:
    """How many rows are different between two versions, and examples of them."""
    counts = ("added", "removed", "changed", "unchanged")
    about = card(
        [
            ("from", version_in_words(found["from"])),
            ("to", version_in_words(found["to"])),
            *((name, formats.counted(found[name], "row")) for name in counts),
        ]
    )
    examples = found.get("examples") or {}
    if not any(examples.values()):
        return about
    return Group(about, "", _examples(examples))


def _examples(examples: dict[str, Any]) -> Table:
    listed = table(["", "id", "input", "expected"], wide=["id", "input", "expected"])

    def add(mark: str, style: str, row: dict[str, Any]) -> None:
        listed.add_row(Text(mark, style), text(row.get("id")), cell(row.get("input")), cell(_expected(row)))

    for row in examples.get("added") or []:
        add("+", GOOD, row)
    for row in examples.get("removed") or []:
        add("-", FAULT, row)
    for one in examples.get("changed") or []:
        add("before", WARNING, one["before"])
        add(f"{', '.join(one['fields'])} →", WARNING, one["after"])
    return listed


def _expected(row: dict[str, Any]) -> str:
    answers = row.get("expected") or []
    return " | ".join(map(str, answers)) if isinstance(answers, list) else str(answers)


def _origin(row: dict[str, Any]) -> str:
    origin = row.get("origin") or {}
    if origin.get("line"):
        return f"line {origin['line']}"
    kind = next((name for name in ("trace_id", "batch_id") if origin.get(name)), None)
    named = {"trace_id": "trace", "batch_id": "batch"}
    return f"{named[kind]} {formats.short_id(origin[kind])}" if kind else formats.NOTHING
