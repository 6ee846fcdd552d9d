"""The dot-and-whisker plot: each model's score with its interval, in the order of the ranking."""

from collections.abc import Sequence
from dataclasses import dataclass

from functions.api.console.plots import axis, labels
from functions.api.ranking_views import EntryView

WIDTH, LEFT, RIGHT, TOP, LINE = 560, 192, 500, 8, 24
_NAME = 25  # characters; they have the room left of the axis


@dataclass(frozen=True)
class Mark:
    """A model: the height of its line, the places of its dot and of both ends of its interval.

    `score` is written at the end of its line; `leads`: the evidence allows that it is the best.
    """

    name: str
    label: str
    told: str
    score: str
    y: float
    x: float
    low: float
    high: float
    leads: bool
    serves: bool


@dataclass(frozen=True)
class WhiskerPlot:
    """The marks, the axis below them as pairs of place and text, and the size of the drawing."""

    marks: tuple[Mark, ...]
    ticks: tuple[tuple[float, str], ...]
    bottom: float
    width: int = WIDTH
    left: int = LEFT
    right: int = RIGHT


def whisker_plot(entries: Sequence[EntryView], serving_id: str | None) -> WhiskerPlot | None:
    """The plot of those that have a score, or None when none has. Scores are 0 to 1."""
    scored = [one for one in entries if one.score is not None]
    if not scored:
        return None
    ends = [end for one in scored for end in _interval(one)]
    across = axis.linear(ends, LEFT, RIGHT, floor=0.0, ceiling=1.0)
    marks = tuple(_mark(one, number, across, serving_id) for number, one in enumerate(scored))
    ticks = tuple((across.place(value), f"{100 * value:g}") for value in across.ticks)
    return WhiskerPlot(marks, ticks, TOP + LINE * len(scored))


def _mark(one: EntryView, number: int, across: axis.Axis, serving_id: str | None) -> Mark:
    score, (low, high) = one.score or 0.0, _interval(one)
    return Mark(
        name=one.name,
        label=labels.short(one.name, _NAME),
        told=f"{one.name}: {100 * score:.1f} %, {100 * low:.1f} to {100 * high:.1f}",
        score=f"{100 * score:.1f}",
        y=TOP + LINE * number + LINE / 2,
        x=across.place(score),
        low=across.place(low),
        high=across.place(high),
        leads=one.rank_low == 1,
        serves=one.model_id == serving_id,
    )


def _interval(one: EntryView) -> tuple[float, float]:
    score = one.score or 0.0
    low = score if one.score_low is None else one.score_low
    high = score if one.score_high is None else one.score_high
    return max(0.0, low), min(1.0, high)
