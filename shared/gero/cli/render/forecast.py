"""What a run will cost, before it is started: in one line, and as a table of its models."""

from collections.abc import Iterator
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gero.cli.render import formats
from gero.cli.render.tables import FAINT, WARNING, cell, table, text

_BASES: Final = {"runs": "own runs", "rows": "length of texts", "assumptions": "assumed"}


def forecast_in_words(found: dict[str, Any]) -> str:
    """One line: "2,000 calls, about $0.41 (9 of 10 runs below $0.62), 3 min 00 s"."""
    asked = f"{'up to ' if found.get('raced') else ''}{formats.counted(found['calls'], 'call')}"
    others = [
        f"{formats.counted(found['reused_answers'], 'answer')} reused" if found.get("reused_answers") else "",
        f"{formats.counted(found['judge_calls'], 'verdict')}" if found.get("judge_calls") else "",
    ]
    besides = f" ({', '.join(filter(None, others))})" if any(others) else ""
    below = f"9 of 10 runs below {formats.money(found['cost_p90_usd'])}"
    cost = f"about {formats.money(found['cost_p50_usd'])} ({below})"
    return f"{asked}{besides}, {cost}, {formats.duration(found['minutes_p50'] * 60)}"


def forecast_report(found: dict[str, Any]) -> RenderableType:
    """The table of models with its sum, the line, and how sure it is."""
    return Group(_models(found), "", text(_rows(found)), text(forecast_in_words(found)), *_remarks(found))


def _models(found: dict[str, Any]) -> Table:
    judged = bool(found.get("judge"))
    reused = bool(found.get("reused_answers"))
    numbers = ["calls", *(["reused"] if reused else []), *(["verdicts"] if judged else []), "tokens", "$ P50", "$ P90"]
    listed = table(["model", *numbers, "from"], numbers=numbers, wide=["model"])

    def row(name: RenderableType, one: dict[str, Any], costs: tuple[float, float], basis: str) -> None:
        listed.add_row(
            name,
            formats.count(one["calls"]),
            *([formats.count(one["reused_answers"])] if reused else []),
            *([formats.count(one["judge_calls"])] if judged else []),
            formats.count(one["tokens_in"] + one["tokens_out"]),
            *map(formats.money, costs),
            basis,
        )

    for one in found["models"]:
        middle = one["cost_p50_usd"] + one["judge_cost_p50_usd"]
        high = one["cost_p90_usd"] + one["judge_cost_p90_usd"]
        row(cell(one["name"]), one, (middle, high), _basis(one))
    listed.add_section()
    row(Text("in all", style="bold"), found, (found["cost_p50_usd"], found["cost_p90_usd"]), "")
    return listed


def _basis(one: dict[str, Any]) -> str:
    measured = one.get("measured_rows")
    return f"{formats.counted(measured, 'row')} of its runs" if measured else _BASES.get(one["basis"], one["basis"])


def _rows(found: dict[str, Any]) -> str:
    about = "about " if found.get("rows_estimated") else ""
    judge = f", judged by {found['judge']}" if found.get("judge") else ""
    return f"{about}{formats.counted(found['rows'], 'row')} of {found['rows_from']}{judge}"


def _remarks(found: dict[str, Any]) -> Iterator[RenderableType]:
    if found.get("may_pause"):
        yield Text(f"The run may pause: it may spend {formats.money(found['max_cost_usd'])}", style=WARNING)
    saving = found.get("saving")
    if saving:
        shares = f"{saving['close']:.0%} of the calls in a close field, {saving['clear']:.0%} in a clear one"
        yield Text(f"A race asks less: it saves about {shares}", style=FAINT)
    for note in found.get("notes") or []:
        yield text(note, style=FAINT)
