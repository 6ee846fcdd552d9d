"""How far a ranking can be trusted, and how it came about: its race, its judge, what people said."""

from collections.abc import Iterator
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text

from gero.cli.render import formats
from gero.cli.render.tables import FAINT, WARNING, table, text

_ENDS: Final = {
    "winner": "one model is certainly the best",
    "tie": "those left are as good as each other",
    "undecided": "no model is certainly the best on these rows",
}
_DROPPED_SHOWN: Final = 5


def trust_lines(ranking: dict[str, Any]) -> Iterator[RenderableType]:
    """What a person should know beside the table; nothing where a run told nothing."""
    if ranking.get("provisional"):
        yield Text.assemble(("Provisional", WARNING), f": {formats.plain(ranking['provisional'])}")
    if ranking.get("race"):
        yield from _race(ranking["race"])
    if ranking.get("judge"):
        yield from _judge(ranking["judge"])
    if ranking.get("human"):
        yield _people(ranking["human"])
    if ranking.get("reused_answers"):
        yield Text(f"{formats.counted(ranking['reused_answers'], 'answer')} of earlier runs reused", style=FAINT)


def judge_report(card: dict[str, Any]) -> RenderableType:
    """The judge card, and each difference by the judge, by people and by both."""
    lines: list[RenderableType] = []
    if card.get("provisional"):
        lines.append(Text.assemble(("Provisional", WARNING), f": {formats.plain(card['provisional'])}"))
    lines += _judge(card | {"card": card})
    lines += [text(f"  {card['why']}", style=FAINT)] if card.get("why") else []
    return Group(*lines, *_comparisons(card.get("comparisons") or []))


def _comparisons(found: list[dict[str, Any]]) -> Iterator[RenderableType]:
    if not found:
        return
    numbers = ("judge", "people", "both", "verdicts")
    differences = table(["difference", "judge", "people", "both", "95 %", "verdicts"], numbers, wide=["difference"])
    for one in found:
        differences.add_row(
            text(f"{one['first']} - {one['second']}"),
            *(f"{one[name]:+.3f}" for name in ("judge_only", "human_only", "difference")),
            f"{one['low']:+.3f} to {one['high']:+.3f}",
            formats.count(one["n_labels"]) + (" (few)" if one["few"] else ""),
        )
    yield differences


def costs(found: dict[str, Any]) -> str | None:
    """What was paid for answers and for verdicts, where both were."""
    if not found.get("judge_cost_usd"):
        return None
    answers, judge = formats.money(found.get("answers_cost_usd")), formats.money(found["judge_cost_usd"])
    return f"{answers} for answers, {judge} for the judge"


def _race(race: dict[str, Any]) -> Iterator[RenderableType]:
    end = _ENDS.get(str(race.get("end")), "goes on")
    saved, planned = race.get("calls_saved"), race.get("calls_planned")
    told = f", {formats.count(saved)} of {formats.counted(planned, 'call')} saved" if saved and planned else ""
    share = f" ({saved / planned:.0%})" if saved and planned else ""
    yield text(f"Race: {end} after round {formats.count(race.get('rounds'))}{told}{share}")
    dropped = race.get("dropped") or []
    for one in dropped[:_DROPPED_SHOWN]:
        reason = f": {one['why']}" if one.get("why") else ""
        yield text(f"  {one['name']} was asked {formats.counted(one['rows'], 'row')}{reason}", style=FAINT)
    if len(dropped) > _DROPPED_SHOWN:
        yield Text(f"  and {formats.count(len(dropped) - _DROPPED_SHOWN)} more were dropped", style=FAINT)


def _judge(judge: dict[str, Any]) -> Iterator[RenderableType]:
    yield text(f"Judge: {', '.join(filter(None, (judge.get('name'), judge.get('mode'), *_card(judge['card']))))}")
    for warning in judge.get("warnings") or []:
        yield Text.assemble(("  Warning", WARNING), f": {formats.plain(warning)}")


def _card(card: dict[str, Any]) -> Iterator[str]:
    if card.get("flip_rate") is not None:
        limits = f"{card['flip_low']:.0%}–{card['flip_high']:.0%}" if card.get("flip_low") is not None else "?"
        audits = formats.counted(card.get("n_audits"), "audit")
        yield f"another verdict on {card['flip_rate']:.0%} ({limits}) of {audits}"
    slope = card.get("length_slope")
    low, high = card.get("length_slope_low"), card.get("length_slope_high")
    if slope is not None and low is not None and high is not None and not low <= 0 <= high:
        yield f"longer answers score {slope:+.3g} for each 1,000 characters ({low:+.3g} to {high:+.3g})"
    if card.get("n_unjudged"):
        yield f"no verdict on {formats.counted(card['n_unjudged'], 'answer')}"
    agreement = card.get("agreement") or {}
    if agreement.get("kappa") is not None:
        labels = formats.counted(agreement.get("n"), "verdict")
        yield f"agreement with people κ {agreement['kappa']:.2f} on {labels}"
    if card.get("labels_needed"):
        yield f"{formats.counted(card['labels_needed'], 'more verdict')} of people needed"


def _people(human: dict[str, Any]) -> RenderableType:
    reviewed = formats.counted(human.get("reviewed"), "item")
    return text(f"People: {formats.counted(human.get('votes'), 'verdict')} on {reviewed}")
