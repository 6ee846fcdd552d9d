"""Leaderboards: the overview as a table, one as a card."""

from collections.abc import Iterable
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from gero.cli.render import formats
from gero.cli.render.evaluation import guardrails, racing, scoring, target
from gero.cli.render.push_settings import consolidation, fields, kept_rows, limits
from gero.cli.render.ranking import PRODUCTION_MARK
from gero.cli.render.schedules import schedule_in_words
from gero.cli.render.serving import fallbacks, messages, recorded, shadow
from gero.cli.render.tables import GOOD, card, cell, table


def leaderboard_table(leaderboards: Iterable[dict[str, Any]]) -> Table:
    """One line for each leaderboard, with what serves production."""
    overview = table(["id", "name", "dataset", "production", "run", "changed"], wide=["name", "production"])
    for one in leaderboards:
        production = one.get("production")
        overview.add_row(
            formats.short_id(one["id"]),
            cell(one["name"]),
            cell(one["dataset_type"]),
            _production(production) if production else formats.NOTHING,
            Text("running", style="cyan") if one.get("active_run_id") else "",
            formats.age(one.get("updated_at")),
        )
    return overview


def leaderboard_card(one: dict[str, Any]) -> RenderableType:
    """Everything about one leaderboard."""
    production = one.get("production") or {}
    pushed = one["dataset_type"] == "PUSH"
    return card(
        [
            ("name", one["name"]),
            ("id", one["id"]),
            ("prompt", one.get("system_prompt")),
            ("dataset", one.get("dataset_url") or one.get("dataset_type")),
            ("fields", fields(one.get("field_mapping"))),
            ("keeps", kept_rows(one) if pushed else None),
            ("accepts", limits(one) if pushed else None),
            ("new version", consolidation(one) if pushed else None),
            ("scored by", scoring(one)),
            ("ranked for", target(one)),
            ("raced", racing(one)),
            ("asks again", None if one.get("reuse_answers", True) else "what earlier runs have asked"),
            ("pauses at", formats.money(one.get("max_run_cost_usd"))),
            ("concurrency", formats.count(one.get("concurrency"))),
            ("selection", _selection(one.get("model_selection") or {})),
            ("policy", one.get("promotion_policy")),
            ("guardrails", guardrails(one)),
            ("production", production.get("name")),
            ("since", formats.age(production.get("since"))),
            ("because", production.get("reason")),
            ("active run", one.get("active_run_id")),
            ("latest run", one.get("latest_run_id")),
            ("schedule", schedule_in_words(one["schedule"]) if one.get("schedule") else None),
            ("next run", formats.when(one.get("next_run_at"))),
            ("inference", one.get("inference_url")),
            ("messages", messages(one)),
            ("falls back on", fallbacks(one)),
            ("shadow", shadow(one)),
            ("traces", one.get("traces_url")),
            ("traces keep", recorded(one)),
        ]
    )


def _production(production: dict[str, Any]) -> Text:
    return Text.assemble((f"{PRODUCTION_MARK} ", GOOD), cell(production["name"]), no_wrap=True, overflow="ellipsis")


def _selection(selection: dict[str, Any]) -> str:
    if selection.get("mode") == "manual":
        return f"by hand ({selection.get('model_id')})"
    return "winner of the ranking"
