from itertools import combinations
from math import sqrt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from gero.evaluation import SCORE_SCALE
from gero.ranking import PairSums, compare, rank_ranges
from gero.ranking.comparison import holm, mcnemar_exact, ranges_of, rows_to_separate
from gero.ranking.distributions import normal_cdf
from tests.gero.ranking.samples import discordant_pair, exact, pair_of, statistics_of

score = st.integers(0, SCORE_SCALE)
columns = st.integers(8, 60).flatmap(lambda n: st.tuples(*[st.lists(score, min_size=n, max_size=n)] * 2))


@given(columns)
def test_graded_scores_get_the_paired_t_test_of_scipy(scores: tuple[list[int], list[int]]) -> None:
    first, second = scores
    assume({*first, *second} - {0, SCORE_SCALE})  # right or wrong alone is exact, and has a test of its own
    expected = stats.ttest_rel([x / SCORE_SCALE for x in first], [x / SCORE_SCALE for x in second])
    result = compare(pair_of(first, second))
    assert result.n == len(first)
    if len({x - y for x, y in zip(first, second, strict=True)}) > 1:
        assert result.z == pytest.approx(expected.statistic, rel=1e-8, abs=1e-9)
        assert result.p_value == pytest.approx(max(2.0 ** (1 - len(first)), expected.pvalue), rel=1e-7, abs=1e-12)


@given(st.integers(30, 80), st.integers(30, 80), st.integers(0, 300))
def test_many_discordant_exact_rows_get_the_paired_t_test_of_scipy(b: int, c: int, ties: int) -> None:
    expected = stats.ttest_1samp([1] * b + [-1] * c + [0] * ties, 0)
    result = compare(discordant_pair(b, c, ties))
    assert result.p_value == pytest.approx(expected.pvalue, rel=1e-8)
    assert result.difference == (b - c) / (b + c + ties)
    assert result.standard_error == pytest.approx(stats.sem([1] * b + [-1] * c + [0] * ties), rel=1e-9)


@given(st.integers(0, 24), st.integers(0, 24))
def test_mcnemar_equals_the_binomial_test_of_scipy(b: int, c: int) -> None:
    expected = stats.binomtest(b, b + c).pvalue if b + c else 1.0
    assert mcnemar_exact(b, c) == pytest.approx(expected, rel=1e-9)
    if b + c < 25:
        assert compare(discordant_pair(b, c, 10)).p_value == mcnemar_exact(b, c)


def test_mcnemar_gives_the_worked_value_and_copes_with_many_rows() -> None:
    assert mcnemar_exact(15, 5) == pytest.approx(0.0413894653, abs=1e-10)
    assert mcnemar_exact(2100, 1900) == pytest.approx(stats.binomtest(1900, 4000).pvalue, rel=1e-9)


def test_a_few_unanimous_rows_prove_nothing() -> None:
    assert compare(PairSums()).p_value == 1
    assert compare(discordant_pair(1, 0, 0)).p_value == 1
    assert compare(discordant_pair(3, 0, 0)).p_value == 0.25
    assert compare(pair_of([900_000] * 3, [400_000] * 3)).p_value == 0.25


def test_holm_rejects_the_ranges_of_the_worked_example() -> None:
    means = {"a": 0.85, "b": 0.84, "c": 0.80, "d": 0.70}
    pairs = list(combinations(means, 2))
    error = sqrt(2e-4 + 2e-4 - 2 * 1e-4)
    p_values = [2 * normal_cdf(-abs(means[first] - means[second]) / error) for first, second in pairs]
    orders = {pair for pair, rejected in zip(pairs, holm(p_values), strict=True) if rejected}
    assert ranges_of(means, orders) == {"a": (1, 2), "b": (1, 2), "c": (3, 3), "d": (4, 4)}


@given(st.lists(st.floats(0, 1), max_size=12), st.sampled_from([0.01, 0.05, 0.2]))
def test_holm_agrees_with_its_adjusted_p_values(p_values: list[float], alpha: float) -> None:
    order = sorted(p_values)
    adjusted = [max((len(order) - k) * order[k] for k in range(order.index(p) + 1)) for p in p_values]
    rejected = holm(p_values, alpha)
    for p, decision in zip(adjusted, rejected, strict=True):
        if abs(p - alpha) > 1e-12:
            assert decision == (p < alpha)


def test_clearly_different_candidates_get_single_ranks_and_equal_ones_share_them() -> None:
    ranges = rank_ranges(statistics_of({"best": exact(*[1] * 100), "x": exact(*[1, 0] * 50), "y": exact(*[0, 1] * 50)}))
    assert ranges == {"best": (1, 1), "x": (2, 3), "y": (2, 3)}


def test_the_rows_needed_follow_the_rule_of_thumb() -> None:
    pair = discordant_pair(105, 55, 840)
    assert pair.difference == 0.05
    assert rows_to_separate(pair, opponents=4) == 100  # the rule says 753 in all, fewer than there are: a tenth more
    assert rows_to_separate(discordant_pair(95, 65, 840), opponents=4) == 2091 + 1 - 1000
    assert rows_to_separate(discordant_pair(5, 5, 10), opponents=4) is None
    assert rows_to_separate(PairSums(), opponents=4) is None
