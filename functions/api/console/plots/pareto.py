"""The plot of quality against cost, with its frontier: nobody is better and as cheap, or cheaper and as good."""

from collections.abc import Sequence
from dataclasses import dataclass

from functions.api.console import wording
from functions.api.console.plots import axis, labels
from functions.api.console.plots.axis import Axis
from functions.api.console.plots.labels import Box, Label, Space
from functions.api.ranking_views import EntryView

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 560, 50, 528, 30, 298
_LOG_FROM = 8  # times between the cheapest and the dearest
_FREE = 40  # the width of the column of those that cost nothing, beside an axis that has no zero
_NAME = 27  # characters
_ALL_LABELLED = 12  # models; of more only those that matter


@dataclass(frozen=True)
class Point:
    """A model: where it lies, and its label where there is room. `kind`: serving, pareto or "" for the others."""

    told: str
    x: float
    y: float
    kind: str
    label: Label | None


@dataclass(frozen=True)
class ParetoPlot:
    """The points, the frontier as the `d` of a path, and both axes as pairs of place and text.

    `broken_at`: where the axis of costs is broken, right of what costs nothing; None when it is whole.
    """

    points: tuple[Point, ...]
    frontier: str
    costs: tuple[tuple[float, str], ...]
    scores: tuple[tuple[float, str], ...]
    broken_at: float | None
    width: int = WIDTH
    left: int = LEFT
    right: int = RIGHT
    top: int = TOP
    bottom: int = BOTTOM


@dataclass(frozen=True)
class _Costs:
    """The axis of costs; `free`: where those lie that cost nothing, when the axis has no zero."""

    axis: Axis
    free: float | None

    def place(self, cost: float) -> float:
        return self.free if self.free is not None and cost <= 0 else self.axis.place(cost)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        free = () if self.free is None else ((self.free, "no price"),)
        return (*free, *((self.axis.place(value), wording.usd(value)) for value in self.axis.ticks))


def pareto_plot(entries: Sequence[EntryView], serving_id: str | None) -> ParetoPlot | None:
    """The plot of those that have a score and gave an answer; None for fewer than two."""
    scored = [one for one in entries if one.score is not None and not one.not_asked and one.errors < max(1, one.rows)]
    if len(scored) < 2:
        return None
    across = _costs([one.cost_per_1000_usd for one in scored])
    up = axis.linear([one.score or 0 for one in scored], BOTTOM, TOP, floor=0.0, ceiling=1.0)
    placed = [(one, across.place(one.cost_per_1000_usd), up.place(one.score or 0)) for one in scored]
    best = frontier(scored)
    corners = sorted({(x, y) for one, x, y in placed if one.model_id in best}, key=lambda at: (at[0], -at[1]))
    kinds = {one.model_id: _kind(one, best, serving_id) for one in scored}
    named = _labels(placed, kinds, corners)
    points = [
        Point(_told(one), x, y, kinds[one.model_id], named.get(one.model_id))
        for one, x, y in sorted(placed, key=lambda at: _ORDER.index(kinds[at[0].model_id]))
    ]
    return ParetoPlot(
        points=tuple(points),
        frontier=_stairs(corners),
        costs=across.ticks(),
        scores=tuple((up.place(value), f"{100 * value:g}") for value in up.ticks),
        broken_at=None if across.free is None else LEFT + _FREE - 10,
    )


def frontier(entries: Sequence[EntryView]) -> set[str]:
    """The ids of those that no other beats in score or cost without being worse in the other. What has no price is not
    the cheapest: it is left out where others have one.
    """
    if any(one.cost_per_1000_usd > 0 for one in entries):
        entries = [one for one in entries if one.cost_per_1000_usd > 0]
    kept: set[str] = set()
    best: tuple[float, float] | None = None  # the highest score so far, and what it costs
    for one in sorted(entries, key=lambda entry: (entry.cost_per_1000_usd, -(entry.score or 0))):
        here = one.score or 0.0, one.cost_per_1000_usd
        if best is None or here[0] > best[0] or here == best:
            best = here
            kept.add(one.model_id)
    return kept


_ORDER = ("", "pareto", "serving")  # in which they are drawn: what matters lies on top


def _kind(one: EntryView, best: set[str], serving_id: str | None) -> str:
    return "serving" if one.model_id == serving_id else "pareto" if one.model_id in best else ""


def _told(one: EntryView) -> str:
    return f"{one.name}: {100 * (one.score or 0):.1f} %, {wording.usd(one.cost_per_1000_usd)} per 1,000 rows"


def _costs(costs: list[float]) -> _Costs:
    """By factors when costs differ by many; then those that cost nothing have a column of their own."""
    above = [cost for cost in costs if cost > 0]
    if not above or max(above) / min(above) < _LOG_FROM:
        return _Costs(axis.linear(costs, LEFT, RIGHT, floor=0.0), None)
    if len(above) == len(costs):
        return _Costs(axis.logarithmic(above, LEFT, RIGHT), None)
    return _Costs(axis.logarithmic(above, LEFT + _FREE, RIGHT), LEFT + 12.0)


def _stairs(corners: list[tuple[float, float]]) -> str:
    """Up from the axis to the cheapest, and from each to the next that is better: what can be had at a cost."""
    steps = "".join(f"H{x:g}V{y:g}" for x, y in corners[1:])
    return f"M{corners[0][0]:g} {BOTTOM}V{corners[0][1]:g}{steps}H{RIGHT}"


def _labels(
    placed: list[tuple[EntryView, float, float]], kinds: dict[str, str], corners: list[tuple[float, float]]
) -> dict[str, Label]:
    """Labels by model: those that matter first, and all while they are few; none on a point or on the frontier."""
    points = [(x - 6, y - 6, x + 6, y + 6) for _, x, y in placed]
    space = Space((LEFT + 2, 0, WIDTH - 2, BOTTOM - 3), [*points, *_treads(corners)])
    wanted = sorted(placed, key=lambda at: (-_ORDER.index(kinds[at[0].model_id]), at[0].rank))
    if len(placed) > _ALL_LABELLED:
        wanted = [at for at in wanted if kinds[at[0].model_id] or at[0].rank == 1]
    found = {one.model_id: space.label(labels.short(one.name, _NAME), x, y) for one, x, y in wanted}
    return {model_id: label for model_id, label in found.items() if label}


def _treads(corners: list[tuple[float, float]]) -> list[Box]:
    """What the frontier's lines take."""
    ends = [(x, y) for x, y in corners[1:]] + [(float(RIGHT), corners[-1][1])]
    found: list[Box] = [(corners[0][0] - 1, corners[0][1], corners[0][0] + 1, BOTTOM)]
    for (x, y), (right, top) in zip(corners, ends, strict=True):
        found += [(x, y - 1, right, y + 1), (right - 1, top, right + 1, y)]
    return found
