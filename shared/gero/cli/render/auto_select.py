"""Which models were chosen for a leaderboard and why, and how many others were not."""

from collections.abc import Iterator
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gero.cli.render import formats
from gero.cli.render.base_models import catalogue_in_words
from gero.cli.render.tables import FAINT, WARNING, card, cell, table, text

_BASES: Final = {"interpolated": "~", "published": "", "measured": "*"}
_FOOTNOTES: Final = {
    "published": "latencies to the first token, as OpenRouter publishes them",
    "interpolated": "~ p95 to the first token, interpolated between the p90 and p99 that OpenRouter publishes",
    "measured": "* measured by the latest run of this leaderboard: whole answers, not first tokens",
}
_REASONS: Final = {
    "not_text": "not from text to text",
    "closed_weights": "weights not public",
    "input_too_expensive": "input too expensive",
    "output_too_expensive": "output too expensive",
    "variable_price": "no fixed price",
    "price_per_request": "with a price for each request",
    "expires_soon": "gone within 30 days",
    "already_on_leaderboard": "on the leaderboard already",
    "too_slow": "too slow",
    "latency_unknown": "latency unknown",
    "latency_not_looked_up": "latency not looked up",
    "not_needed": "eligible, not needed",
}


def selection_report(found: dict[str, Any]) -> RenderableType:
    """The chosen models, the reason for each, and the rejected ones counted by reason."""
    chosen = found["chosen"]
    parts: list[RenderableType] = [_chosen(chosen), "", *_reasons(chosen), ""] if chosen else [_nothing(), ""]
    return Group(*parts, _counts(found), *_remarks(found))


def _chosen(chosen: list[dict[str, Any]]) -> Table:
    listed = table(
        ["model", "provider", "$ in", "$ out", "context", "p95", "p99", "weights"],
        numbers=("$ in", "$ out", "context", "p95", "p99"),
        wide=["model", "provider"],
    )
    for one in chosen:
        mark = _BASES.get(str(one.get("latency_basis")), "")
        listed.add_row(
            text(one["model"]),
            cell(_provider(one)),
            formats.money(one.get("input_cost_per_million_usd")),
            formats.money(one.get("output_cost_per_million_usd")),
            formats.count(one.get("context_length")),
            _latency(one.get("latency_p95_ms"), mark),
            _latency(one.get("latency_p99_ms"), mark if mark == _BASES["measured"] else ""),
            "open" if one.get("open_weights") else "closed",
        )
    return listed


def _provider(one: dict[str, Any]) -> str:
    # A tag of OpenRouter often names the quantization itself: deepinfra/fp8.
    provider, quantization = one.get("provider") or "any", one.get("quantization")
    told = quantization not in (None, "unknown") and not provider.endswith(str(quantization))
    return f"{provider} {quantization}" if told else provider


def _latency(milliseconds: float | None, mark: str) -> str:
    return formats.milliseconds(milliseconds) + ("" if milliseconds is None else mark)


def _reasons(chosen: list[dict[str, Any]]) -> Iterator[RenderableType]:
    for one in chosen:
        yield Text.assemble((formats.plain(one["model"]), "bold"), f": {formats.plain(one['reason'])}")


def _nothing() -> Text:
    return Text("No model is within these limits: widen one that rejected many", style=WARNING)


def _counts(found: dict[str, Any]) -> Table:
    rejected = found.get("rejected") or {}
    ordered = sorted(rejected.items(), key=lambda one: (-one[1], one[0]))
    considered = f"{formats.counted(found.get('considered'), 'model')}, {formats.count(found.get('eligible'))} eligible"
    counts = [(_REASONS.get(reason, reason.replace("_", " ")), formats.count(count)) for reason, count in ordered]
    return card([("considered", considered), *counts])


def _remarks(found: dict[str, Any]) -> Iterator[RenderableType]:
    bases = {one.get("latency_basis") for one in found["chosen"]}
    for basis, footnote in _FOOTNOTES.items():
        if basis in bases:
            yield Text(footnote, style=FAINT)
    catalogue = found.get("catalogue") or {}
    yield Text(catalogue_in_words(catalogue), style=WARNING if catalogue.get("stale") else FAINT)
