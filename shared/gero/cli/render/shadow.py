"""Shadow traffic: production and a challenger side by side, what that says and what it does not."""

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gero.cli.render import formats
from gero.cli.render.tables import FAINT, FAULT, GOOD, WARNING, cell, table, text

_VERDICTS = {"better": GOOD, "worse": FAULT}


def shadow_report(found: dict[str, Any]) -> RenderableType:
    """The settings in force, and each pair of models with what is known of it, the latest first."""
    asked = found.get("challenger")
    parts: list[RenderableType] = [text(found["told"], style=GOOD if asked else WARNING)]
    pairs = found.get("pairs") or []
    for pair in pairs:
        parts += ["", _sides(pair), *_said(pair)]
    if pairs:
        parts += ["", *(Text(formats.plain(one), style=FAINT) for one in pairs[0].get("limits") or [])]
    return Group(*parts)


def _sides(pair: dict[str, Any]) -> Table:
    numbers = ("requests", "errors", "$/1,000", "p50", "p95", "p99")
    sides = table(["", "model", *numbers], numbers=numbers, wide=["model"])
    for name in ("production", "challenger"):
        side = pair[name]
        sides.add_row(
            name,
            cell(side["name"]),
            formats.count(side["requests"]),
            Text(formats.count(side["errors"]), style=FAULT if side["errors"] else ""),
            formats.money(side["cost_per_1000_usd"]),
            *(formats.milliseconds(side[f"latency_{quantile}_ms"]) for quantile in ("p50", "p95", "p99")),
        )
    return sides


def _said(pair: dict[str, Any]) -> Iterator[RenderableType]:
    yield text(pair["told"], style=_VERDICTS.get(str(pair.get("verdict")), ""))
    yield Text(f"from {formats.when(pair['first_at'])} to {formats.when(pair['last_at'])}", style=FAINT)
    if pair.get("late"):
        yield Text(f"{formats.counted(pair['late'], 'request')} had waited too long and were not asked", style=WARNING)
    if pair.get("not_taken"):
        told = f"{formats.counted(pair['not_taken'], 'request')} not taken by the challenger's server"
        yield Text(told, style=WARNING)
    if pair.get("latest_error"):
        yield Text.assemble(("latest error: ", FAULT), formats.one_line(pair["latest_error"]))
