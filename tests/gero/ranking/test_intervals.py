from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gero.evaluation import SCORE_SCALE
from gero.ranking.distributions import log_normal_cdf, normal_cdf, normal_quantile, t_quantile, t_two_sided
from gero.ranking.intervals import (
    Interval,
    anytime_interval,
    anytime_width,
    score_interval,
    t_interval,
    wilson,
    within_population,
)

degrees = st.integers(1, 200) | st.sampled_from([999, 10_000, 1_000_000])


@pytest.mark.parametrize(
    ("mean", "n", "low", "high"),
    [(0.85, 100, 0.7671644041, 0.9069401471), (0.97, 1000, 0.9574965859, 0.9789062612), (0.0, 100, 0.0, 0.0369935)],
)
def test_wilson_gives_the_worked_values(mean: float, n: int, low: float, high: float) -> None:
    assert wilson(mean, n) == pytest.approx((low, high), abs=1e-9 if mean else 5e-8)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from([0.8, 0.95]))
def test_wilson_equals_scipy(counts: tuple[int, int], confidence: float) -> None:
    correct, n = counts
    expected = stats.binomtest(correct, n).proportion_ci(confidence, method="wilson")
    assert wilson(correct / n, n, confidence) == pytest.approx((expected.low, expected.high), rel=1e-9, abs=1e-9)


def test_the_t_interval_gives_the_worked_values() -> None:
    interval = t_interval(0.85, 0.85 * 0.15 * 100 / 99, 100)
    assert interval == pytest.approx((0.7787923504, 0.9212076496), abs=1e-9)
    assert t_quantile(0.975, 99) == pytest.approx(1.9842169516, abs=1e-9)
    assert t_quantile(0.975, 9) == pytest.approx(2.2621571628, abs=1e-9)


@given(st.floats(1e-6, 1 - 1e-6), degrees)
def test_the_t_quantile_equals_scipy(probability: float, df: int) -> None:
    assert t_quantile(probability, df) == pytest.approx(stats.t.ppf(probability, df), rel=1e-9, abs=1e-9)


@given(st.floats(-60, 60), degrees)
def test_the_two_sided_t_tail_equals_scipy_also_far_out(t: float, df: int) -> None:
    assert t_two_sided(t, df) == pytest.approx(2 * stats.t.sf(abs(t), df), rel=1e-8, abs=1e-200)


@given(st.floats(1e-250, 1, exclude_max=True))
def test_the_normal_quantile_equals_scipy(probability: float) -> None:
    assert normal_quantile(probability) == pytest.approx(stats.norm.ppf(probability), rel=1e-9, abs=1e-9)


@given(st.floats(-300, 40))
def test_the_normal_distribution_equals_scipy_where_it_underflows_too(x: float) -> None:
    assert normal_cdf(x) == pytest.approx(stats.norm.cdf(x), rel=1e-9, abs=1e-9)
    assert log_normal_cdf(x) == pytest.approx(stats.norm.logcdf(x), rel=1e-9, abs=1e-9)


def test_exact_match_scores_get_the_wilson_interval() -> None:
    assert score_interval(100, 85 * SCORE_SCALE, 85 * SCORE_SCALE**2) == wilson(0.85, 100)


def test_graded_scores_get_the_t_interval_when_there_are_many_in_the_middle() -> None:
    scores = [SCORE_SCALE * (index % 5) // 4 for index in range(1000)]
    interval = score_interval(1000, sum(scores), sum(score**2 for score in scores))
    shares = [score / SCORE_SCALE for score in scores]
    expected = stats.t.interval(0.95, 999, loc=0.5, scale=stats.sem(shares))
    assert interval == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("scores", [[400_000, 600_000] * 20, [SCORE_SCALE - 1] * 999 + [900_000], [500_000]])
def test_few_graded_scores_or_a_mean_near_the_ceiling_widen_to_wilson(scores: list[int]) -> None:
    low, high = score_interval(len(scores), sum(scores), sum(score**2 for score in scores))
    bound = wilson(sum(scores) / len(scores) / SCORE_SCALE, len(scores))
    assert low <= bound.low
    assert bound.high <= high <= 1


def test_the_anytime_interval_has_the_worked_width() -> None:
    assert 0.4 * anytime_width(1000, 1000) == pytest.approx(0.0387249641, abs=1e-9)
    scores = [300_000] * 500 + [700_000] * 500
    low, high = anytime_interval(1000, sum(scores), sum(score**2 for score in scores), 1000)
    assert (high - low) / 2 == pytest.approx(0.2 / 0.4 * 0.0387249641, abs=1e-9)
    assert (high + low) / 2 == pytest.approx(0.5)


@given(st.lists(st.integers(0, SCORE_SCALE), min_size=1, max_size=60), st.integers(1, 5000))
def test_the_anytime_interval_holds_the_interval_of_a_fixed_number_of_rows(scores: list[int], planned: int) -> None:
    sums = len(scores), sum(scores), sum(score**2 for score in scores)
    fixed, anytime = score_interval(*sums), anytime_interval(*sums, planned)
    assert 0 <= anytime.low <= fixed.low <= fixed.high <= anytime.high <= 1


def test_the_anytime_interval_holds_at_all_looks_together_where_the_fixed_one_does_not() -> None:
    random, repetitions, missed, naive = np.random.default_rng(55), 300, 0, 0
    for _ in range(repetitions):
        right = random.binomial(1, 0.7, 1000).cumsum()
        looks = [(n, int(right[n - 1]) * SCORE_SCALE, int(right[n - 1]) * SCORE_SCALE**2) for n in range(50, 1001, 50)]
        anytime = (anytime_interval(*sums, 1000) for sums in looks)
        missed += not all(interval.low <= 0.7 <= interval.high for interval in anytime)
        naive += not all(interval.low <= 0.7 <= interval.high for interval in (score_interval(*sums) for sums in looks))
    limit = 0.05 + 3 * sqrt(0.05 * 0.95 / repetitions)
    assert missed / repetitions <= limit < naive / repetitions


def test_an_interval_for_exactly_these_rows_shrinks_to_their_mean_when_all_are_scored() -> None:
    interval = Interval(0.4, 0.7)
    assert within_population(interval, 0.5, 75, 100) == pytest.approx((0.45, 0.6))
    assert within_population(interval, 0.5, 100, 100) == (0.5, 0.5)


def test_an_interval_without_rows_and_a_certain_quantile_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        wilson(0.5, 0)
    with pytest.raises(ValueError, match="at least two rows"):
        t_interval(0.5, 0.1, 1)
    with pytest.raises(ValueError, match="at least one row"):
        score_interval(0, 0, 0)
    for probability in (0.0, 1.0):
        with pytest.raises(ValueError, match="between 0 and 1"):
            normal_quantile(probability)
