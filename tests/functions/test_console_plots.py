"""Charts: points lie where their values say, on axes with round numbers."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.api.console.plots import axis, pareto_plot, whisker_plot
from functions.api.console.plots.labels import Space, short
from functions.api.console.plots.pareto import frontier
from functions.api.ranking_views import EntryView

SCORES = st.floats(0, 1)
COSTS = st.one_of(st.just(0.0), st.floats(1e-6, 100))
ROUND = st.integers(0, 8).map(lambda value: value / 8)  # so that some are equal


def entry(
    number: int, score: float | None, cost: float = 1.0, low: float | None = None, high: float | None = None
) -> Any:
    fields: dict[str, Any] = dict.fromkeys(EntryView.model_fields)
    fields |= dict.fromkeys(("rows", "errors", "unscored", "not_asked", "tokens_in", "tokens_out"), 0)
    fields |= {"model_id": str(number), "name": f"model {number}", "rank": number + 1, "rank_low": 1, "rank_high": 9}
    fields |= {"rank_label": "1-9", "score": score, "score_low": low, "score_high": high}
    return EntryView(**fields | {"cost_usd": cost, "cost_per_1000_usd": cost})


@example([5.960464477539063e-08])
@example([1.0, 0.9999999999999999])
@given(st.lists(SCORES, min_size=1, max_size=30))
def test_a_linear_axis_has_room_for_its_values_and_round_marks(values: list[float]) -> None:
    found = axis.linear(values, 10, 500, floor=0, ceiling=1)
    assert found.low <= min(values) <= max(values) <= found.high
    assert all(10 <= found.place(value) <= 500 for value in values)
    assert len(found.ticks) >= 2
    steps = [after - before for before, after in pairwise(found.ticks)]
    assert steps == pytest.approx([steps[0]] * len(steps), rel=1e-6, abs=1e-11)


@given(st.lists(st.floats(1e-6, 1e4), min_size=2, max_size=30))
def test_a_logarithmic_axis_keeps_the_order_of_values(values: list[float]) -> None:
    found = axis.logarithmic(values, 0, 1000)
    places = [found.place(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(found.low <= tick <= found.high for tick in found.ticks)


def test_equal_factors_are_equal_distances() -> None:
    found = axis.logarithmic([0.1, 1, 10], 0, 900)
    assert found.place(1) - found.place(0.1) == pytest.approx(found.place(10) - found.place(1), abs=0.2)


@given(st.lists(st.tuples(SCORES, SCORES, SCORES).map(sorted), min_size=1, max_size=20))
def test_each_dot_lies_in_its_whisker_and_inside_the_drawing(scored: list[list[float]]) -> None:
    plot = whisker_plot([entry(n, mid, low=low, high=high) for n, (low, mid, high) in enumerate(scored)], "0")
    assert plot
    for mark in plot.marks:
        assert plot.left <= mark.low <= mark.x <= mark.high <= plot.right
        assert mark.y < plot.bottom
    assert [mark.name for mark in plot.marks] == [f"model {n}" for n in range(len(scored))], "the ranking's order"


def test_models_without_a_score_are_left_out() -> None:
    assert whisker_plot([entry(0, None)], None) is None
    assert pareto_plot([entry(0, None), entry(1, 0.5)], None) is None


@given(st.lists(st.tuples(ROUND, ROUND), min_size=2, max_size=40))
def test_the_frontier_holds_exactly_those_that_nobody_beats(models: list[tuple[float, float]]) -> None:
    entries = [entry(n, score, cost) for n, (score, cost) in enumerate(models)]
    priced = [one for one in entries if one.cost_per_1000_usd > 0] or entries
    unbeaten = {
        one.model_id
        for one in priced
        if not any(
            other.score >= one.score
            and other.cost_per_1000_usd <= one.cost_per_1000_usd
            and (other.score > one.score or other.cost_per_1000_usd < one.cost_per_1000_usd)
            for other in priced
        )
    }
    assert frontier(entries) == unbeaten


@given(st.lists(st.tuples(SCORES, COSTS), min_size=2, max_size=50))
def test_points_and_labels_lie_inside_and_labels_do_not_meet(models: list[tuple[float, float]]) -> None:
    plot = pareto_plot([entry(n, score, cost) for n, (score, cost) in enumerate(models)], "0")
    assert plot
    assert all(plot.left <= one.x <= plot.right and plot.top <= one.y <= plot.bottom for one in plot.points)
    boxes = [one.label.box for one in plot.points if one.label]
    assert all(left >= 0 and right <= plot.width and 0 <= top < bottom for left, top, right, bottom in boxes)
    for number, one in enumerate(boxes):
        for other in boxes[number + 1 :]:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    for point in plot.points:
        assert not any(left < point.x < right and top < point.y < bottom for left, top, right, bottom in boxes)


@given(st.lists(st.tuples(SCORES, COSTS), min_size=2, max_size=50))
def test_better_is_higher_and_cheaper_is_further_left(models: list[tuple[float, float]]) -> None:
    plot = pareto_plot([entry(n, score, cost) for n, (score, cost) in enumerate(models)], None)
    assert plot
    found = {int(one.told.split(":")[0].removeprefix("model ")): (one.x, one.y) for one in plot.points}
    by_score = sorted(found, key=lambda n: models[n][0])
    by_cost = sorted(found, key=lambda n: models[n][1])
    assert [found[n][1] for n in by_score] == sorted((y for _, y in found.values()), reverse=True)
    assert [found[n][0] for n in by_cost] == sorted(x for x, _ in found.values())


def test_what_costs_nothing_lies_left_of_a_broken_axis() -> None:
    plot = pareto_plot([entry(0, 0.5, 0.0), entry(1, 0.6, 0.001), entry(2, 0.7, 1.0)], None)
    assert plot
    assert plot.broken_at
    free, cheap, dear = sorted(one.x for one in plot.points)
    assert plot.left < free < plot.broken_at < cheap < dear
    assert plot.costs[0] == (free, "no price")
    whole = pareto_plot([entry(0, 0.5, 0.0), entry(1, 0.6, 0.0)], None)
    assert whole
    assert whole.broken_at is None


def test_of_many_models_only_those_that_matter_are_labelled() -> None:
    many = [entry(n, 0.9 - n / 100, 1.0 + n) for n in range(30)]
    plot = pareto_plot(many, "17")
    assert plot
    assert {one.label.text for one in plot.points if one.label} == {"model 0", "model 17"}
    assert [one.kind for one in plot.points][-2:] == ["pareto", "serving"], "on top of the others"


def test_the_marks_of_a_logarithmic_axis_have_room_for_their_texts() -> None:
    for span in (1.5, 8, 30, 1e3, 1e5, 1e9):
        found = axis.logarithmic([0.001, 0.001 * span], 50, 530)
        places = [found.place(tick) for tick in found.ticks]
        assert all(after - before >= 55 for before, after in pairwise(places)), span


def test_long_names_keep_both_ends() -> None:
    names = [f"{vendor}/llama-3.1-8b-{kind}" for vendor in ("groq", "together") for kind in ("instruct", "base-model")]
    shown = [short(name, 16) for name in names]
    assert len(set(shown)) == 4
    assert max(len(one) for one in shown) == 16
    assert short("exactly-sixteen-", 16) == "exactly-sixteen-"


def test_a_label_without_room_is_left_out() -> None:
    space = Space((0, 0, 100, 100), [])
    assert space.label("much longer than that", 50, 50) is None
    placed = [space.label("name", 50, 50) for _ in range(12)]
    assert placed[0]
    assert placed[-1] is None
