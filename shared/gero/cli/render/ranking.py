"""A ranking as a table, and what was decided because of it."""

from collections.abc import Iterator
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gero.cli.render import formats
from gero.cli.render.tables import FAINT, FAULT, GOOD, table, text
from gero.cli.render.trust import trust_lines

PRODUCTION_MARK: Final = "★"
PARETO_MARK: Final = "◆"
_DECISIONS: Final = {
    "first": "First production model",
    "promote": "Promoted",
    "hold": "Held back",
    "keep": "Kept",
}


def ranking_table(ranking: dict[str, Any]) -> Table:
    """The `entries` of a ranking of the API, best first; `production.model_id` and the Pareto front are marked."""
    entries = ranking.get("entries") or []
    errors = any(entry["errors"] for entry in entries)  # a column of zeros would only take the names' place
    numbers = ("score", "rows", *(["errors"] if errors else []), "$/1,000", "p50", "p95")
    ranked = table(["rank", "name", "score", "95 %", *numbers[1:]], numbers=numbers, wide=["name"])
    serving = (ranking.get("production") or {}).get("model_id")
    front = _front(entries)
    for entry in entries:
        serves = entry["model_id"] == serving
        failures = Text(formats.count(entry["errors"]), style=FAULT if entry["errors"] else "")
        ranked.add_row(
            Text.assemble(formats.plain(entry["rank_label"]), (f" {PRODUCTION_MARK}" if serves else "", GOOD)),
            _name(entry, serves=serves, on_front=entry["model_id"] in front),
            formats.score(entry["score"]),
            formats.interval(entry["score_low"], entry["score_high"]),
            formats.count(entry["rows"]),
            *([failures] if errors else []),
            formats.money(entry["cost_per_1000_usd"]),
            formats.milliseconds(entry["latency_p50_ms"]),
            formats.milliseconds(entry["latency_p95_ms"]),
        )
    return ranked


def ranking_report(ranking: dict[str, Any]) -> RenderableType:
    """The table, the summary in words, why the production model serves, and how candidates failed."""
    production = ranking.get("production") or {}
    lines: list[RenderableType] = [ranking_table(ranking), ""]
    if ranking.get("summary"):
        lines.append(text(ranking["summary"]))
    if production.get("reason"):
        decision = _DECISIONS.get(str(ranking.get("action")), f"{PRODUCTION_MARK} In production")
        lines.append(Text.assemble((decision, GOOD), f": {formats.plain(production['reason'])}"))
    return Group(*lines, *trust_lines(ranking), *_first_errors(ranking), *_footnote(ranking))


def _front(entries: list[dict[str, Any]]) -> set[str]:
    """The models of the Pareto front, where it tells anything: it does not when everyone is on it."""
    front = {entry["model_id"] for entry in entries if entry.get("pareto")}
    return front if len(front) < len(entries) else set()


def _name(entry: dict[str, Any], *, serves: bool, on_front: bool) -> Text:
    name = text(entry["name"], style="bold" if serves else "")  # wrapped: cut names may look the same
    return Text.assemble(name, (f" {PARETO_MARK}", GOOD)) if on_front else name


def _footnote(ranking: dict[str, Any]) -> Iterator[RenderableType]:
    if _front(ranking.get("entries") or []):
        yield Text(f"{PARETO_MARK} no other model is as good, as cheap and as fast", style=FAINT)


def _first_errors(ranking: dict[str, Any]) -> Iterator[RenderableType]:
    for entry in ranking.get("entries") or []:
        if not entry.get("first_error"):
            continue
        if not entry["errors"] and str(entry["first_error"]).startswith("judge: "):
            told = f"{formats.counted(entry['unscored'], 'answer')} without a verdict, the first: "
        elif entry.get("not_asked"):
            told = f"given up with {formats.counted(entry['not_asked'], 'row')} "
        else:
            told = f"{formats.counted(entry['errors'], 'error')}, the first: "
        failures = f"{formats.plain(entry['name'])}: {told}"
        yield Text.assemble((failures, FAULT), formats.one_line(entry["first_error"]))


def ranking_of_run(run: dict[str, Any]) -> dict[str, Any]:
    """A run's ranking, interim while it runs, in the shape that the other functions here take."""
    decision = run.get("decision") or {}
    return {
        "entries": run.get("ranking") or [],
        "summary": run.get("ranking_summary"),
        "production": {"model_id": decision.get("model_id"), "reason": decision.get("reason")},
        "action": decision.get("action"),
        **{name: run.get(name) for name in ("race", "judge", "human", "provisional", "reused_answers")},
    }
