"""The answers of a run: rows with a sign for each model, and one answer with its verdict."""

from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gero.cli.render import formats
from gero.cli.render.tables import FAINT, FAULT, GOOD, WARNING, card, cell, table, text

_SIGNS: Final = {
    "right": ("✓", GOOD),
    "wrong": ("✗", FAULT),
    "partial": ("~", WARNING),
    "error": ("!", FAULT),
    "unscored": ("?", FAINT),
    "not_asked": ("–", FAINT),
}
_MEANING: Final = "✓ right  ✗ wrong  ~ in between  ! failed  ? not scored  – not asked"


def matrix_report(found: dict[str, Any]) -> RenderableType:
    """A line for each row, with one sign for each model in the order that is told below."""
    if not found["rows"]:
        return text("No such rows among those that were answered")
    listed = table(["place", "answers", "input", "expected"], wide=["input", "expected"])
    for row in found["rows"]:
        signs = Text.assemble(*(_SIGNS[one["verdict"]] for one in row["cells"]))
        listed.add_row(cell(row["place"]), signs, cell(row["input"]), cell(" | ".join(row["expected"])))
    names = ", ".join(f"{number} {formats.one_line(one['name'])}" for number, one in enumerate(found["models"], 1))
    return Group(listed, "", text(f"Models in their order: {names}"), text(_MEANING, FAINT))


def answer_card(found: dict[str, Any]) -> Table:
    """One answer whole."""
    tokens = f"{found['tokens_in']:,} in, {found['tokens_out']:,} out"
    again = found.get("audit_score")
    return card(
        [
            ("model", found["model"]),
            ("row", f"{found['row_id']} ({found['place']})"),
            ("input", found.get("input")),
            ("expected", "\n".join(found.get("expected") or [])),
            ("rubric", found.get("rubric")),
            ("answer", found.get("output")),
            ("score", formats.score(found.get("score"))),
            ("reason", found.get("reason")),
            ("judged again", formats.score(again) if again is not None else None),
            ("error", text(found["error"], FAULT) if found.get("error") else None),
            ("judge", text(found["judge_error"], WARNING) if found.get("judge_error") else None),
            ("latency", formats.milliseconds(found.get("latency_ms"))),
            ("tokens", tokens),
            ("cost", formats.money(found.get("cost_usd"))),
            ("judge's cost", formats.money(found["judge_cost_usd"]) if found.get("judge_cost_usd") else None),
            ("calls", str(found["attempts"]) if found["attempts"] != 1 else None),
            ("reused from", found.get("reused_from")),
            ("trace", found["trace_id"]),
        ]
    )
