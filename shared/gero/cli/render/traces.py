"""Traces: questions and answers that were recorded, one on a line, or one alone with all that is known."""

import json
from collections.abc import Iterable
from typing import Any

from rich.table import Table
from rich.text import Text

from gero.cli.render import formats
from gero.cli.render.tables import FAINT, FAULT, card, cell, table, text


def trace_table(rows: Iterable[dict[str, Any]]) -> Table:
    """One line for each trace, its texts cut short."""
    listed = table(
        ["when", "source", "model", "input", "output", "score", "latency", "cost"],
        numbers=("score", "latency", "cost"),
        wide=["model", "input", "output"],
    )
    for row in rows:
        answer = cell(row["error"], FAULT) if row.get("error") else None
        listed.add_row(
            formats.age(row.get("created_at")),
            cell(row.get("source")),
            cell(row.get("model") or formats.short_id(row.get("model_id"))),
            _left_out(row) or cell(row.get("input")),
            answer or cell(row.get("output")),
            formats.score(row.get("score")),
            formats.milliseconds(row.get("latency_ms")),
            formats.money(row.get("cost_usd")),
        )
    return listed


def trace_card(one: dict[str, Any]) -> Table:
    """One trace with the feedback on it."""
    said = one.get("feedback") or {}
    tokens = f"{one.get('tokens_in') or 0:,} in, {one.get('tokens_out') or 0:,} out"
    return card(
        [
            ("trace", one["trace_id"]),
            ("when", formats.when(one.get("created_at"))),
            ("source", one.get("source")),
            ("model", one.get("model") or one.get("model_id")),
            ("run", one.get("run_id")),
            ("row", one.get("row_id")),
            ("input", _left_out(one) or _asked(one)),
            ("output", one.get("output")),
            ("tool calls", _json(one.get("tool_calls"))),
            ("expected", _lines(one.get("expected"))),
            ("score", formats.score(one.get("score"))),
            ("reason", one.get("reason")),
            ("error", text(one["error"], FAULT) if one.get("error") else None),
            ("fallback", one.get("fallback_reason")),
            ("latency", formats.milliseconds(one.get("latency_ms"))),
            ("tokens", tokens),
            ("cost", formats.money(one.get("cost_usd"))),
            ("parameters", _json(one.get("parameters"))),
            ("metadata", _json(one.get("metadata"))),
            ("feedback", formats.score(said.get("score"))),
            ("comment", said.get("comment")),
            ("corrected", _lines(said.get("corrected"))),
        ]
    )


def _asked(one: dict[str, Any]) -> str | None:
    messages = one.get("messages")
    if not messages:
        return one.get("input")
    return "\n".join(f"{message.get('role')}: {_content(message.get('content'))}" for message in messages)


def _content(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)


def _left_out(one: dict[str, Any]) -> Text | None:
    return text("left out", FAINT) if one.get("content") == "left out" else None


def _json(value: Any) -> str | None:
    return json.dumps(value, ensure_ascii=False) if value else None


def _lines(values: list[str] | None) -> str | None:
    return "\n".join(values) if values else None
