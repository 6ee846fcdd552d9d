"""Seeded simulations: what a race promises holds, and a naive rule fails the same check (which guards the check)."""

from math import sqrt

import numpy as np
import pytest

from gero.evaluation import Race
from gero.ranking import RankingStatistics, compare
from tests.gero.ranking.races import answers, field_of, growing_rounds, states

ALPHA, REPETITIONS = 0.05, 400
LIMIT = ALPHA + 3 * sqrt(ALPHA * (1 - ALPHA) / REPETITIONS)
SPREAD = [0.85 - step * 0.25 / 9 for step in range(10)]
CLEAR = [0.85] + [0.77 - step * 0.025 for step in range(9)]


def naively_dropped(statistics: RankingStatistics, racer: str) -> bool:
    return any(compare(pair.flipped()).z < -1.96 for pair in statistics.pairs_against(racer).values())


@pytest.mark.parametrize("levels", [1, 4])
def test_equal_models_drop_the_designated_best_no_more_often_than_promised_while_a_naive_test_does(
    levels: int,
) -> None:
    random, dropped, naive = np.random.default_rng(30 + levels), 0, 0
    field = field_of(5, 1000, rules=Race(alpha=ALPHA, tie_within=0), graded=levels > 1)
    for _ in range(REPETITIONS):
        scores = answers(random, 1000, [0.85] * 5, levels)
        looks = list(states(field, scores, [50] * 20, levels))
        dropped += "0" in looks[-1].state.dropped
        naive += any(naively_dropped(look.statistics, "0") for look in looks)
    assert dropped / REPETITIONS <= LIMIT
    assert naive / REPETITIONS > LIMIT


@pytest.mark.parametrize("levels", [1, 4])
@pytest.mark.parametrize("qualities", [SPREAD, CLEAR], ids=["spread", "clear"])
def test_a_spread_or_clear_field_saves_half_of_the_calls_and_keeps_the_best(
    qualities: list[float], levels: int
) -> None:
    random, repetitions, calls = np.random.default_rng(11), 20, 0
    field = field_of(10, 1000, graded=levels > 1)
    for _ in range(repetitions):
        *_, outcome = states(field, answers(random, 1000, qualities, levels), growing_rounds(1000), levels)
        calls += outcome.calls
        assert "0" not in outcome.state.dropped
    assert calls <= 0.5 * repetitions * 10 * 1000


def test_models_as_good_as_each_other_end_in_a_certified_tie_that_hides_no_better_one() -> None:
    random, ties = np.random.default_rng(71), 0
    field = field_of(3, 20_000, rules=Race(tie_within=0.03))
    for _ in range(20):
        *_, outcome = states(field, answers(random, 20_000, [0.80, 0.80, 0.79]), growing_rounds(20_000, 500))
        ties += outcome.state.end == "tie"
        assert outcome.state.leader in outcome.state.active
    assert ties >= 18
    for _ in range(40):
        *_, outcome = states(field, answers(random, 20_000, [0.85, 0.80, 0.80]), growing_rounds(20_000, 500))
        assert outcome.state.leader == "0"


def test_a_protected_champion_is_compared_with_the_winner_on_all_rows() -> None:
    random = np.random.default_rng(12)
    field = field_of(10, 1000, protected="9")
    *_, outcome = states(field, answers(random, 1000, SPREAD), growing_rounds(1000))
    assert outcome.state.beaten is not None
    champion, leader = (outcome.statistics.candidates[key].n_rows for key in ("9", str(outcome.state.leader)))
    assert champion == leader == outcome.statistics.pair("9", str(outcome.state.leader)).n
