"""The statistics that run on the standard library, against the packages that people know them from."""

from fractions import Fraction
from itertools import combinations
from math import log

import choix
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from gero.evaluation import SCORE_SCALE
from gero.ranking import RankingStatistics, VoteCounts, cohen_kappa, compare, fit
from gero.ranking.comparison import holm, mcnemar_exact
from gero.ranking.evidence import Stakes, log_e_binary, race_stakes
from gero.ranking.intervals import wilson
from gero.ranking.votes import Verdict
from tests.gero.ranking.samples import batch_of

Vote = tuple[str, str, Verdict]
Floats = NDArray[np.float64]

alphas = st.sampled_from([0.01, 0.05, 0.1, 0.2])
shares = st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
contingencies = st.integers(2, 5).flatmap(
    lambda k: st.lists(st.lists(st.integers(0, 60), min_size=k, max_size=k), min_size=k, max_size=k)
)


@settings(deadline=None)
@given(shares, alphas)
def test_wilson_equals_statsmodels(counts: tuple[int, int], alpha: float) -> None:
    correct, n = counts
    expected = proportion_confint(correct, n, alpha, method="wilson")
    assert wilson(correct / n, n, 1 - alpha) == pytest.approx(expected, rel=0, abs=1e-9)


@st.composite
def near_the_limits_of_holm(draw: st.DrawFn) -> tuple[list[float], float]:
    """P-values at, just above or well below what each step compares them with, in any order, and the level."""
    alpha, n = draw(alphas), draw(st.integers(1, 12))
    factors = draw(st.lists(st.sampled_from([1.0, 1.0, 1.0, 0.999, 0.2, 1.001]), min_size=n, max_size=n))
    return draw(st.permutations([alpha / (n - step) * factor for step, factor in enumerate(factors)])), alpha


@settings(deadline=None, max_examples=30)  # statsmodels collects all garbage at every call
@given(near_the_limits_of_holm())
def test_holm_rejects_what_statsmodels_rejects_also_at_its_very_limits(drawn: tuple[list[float], float]) -> None:
    values, alpha = drawn
    assert holm(values, alpha) == multipletests(values, alpha, method="holm")[0].tolist()


@settings(deadline=None)
@given(st.integers(0, 1500), st.integers(0, 1500), st.integers(0, 50))
def test_mcnemar_equals_statsmodels_also_far_out(only_first: int, only_second: int, both: int) -> None:
    expected = mcnemar([[both, only_first], [only_second, both]], exact=True).pvalue
    # Somewhere below 1e-250 the distribution of scipy, which it asks, falls to 0.
    assert mcnemar_exact(only_first, only_second) == pytest.approx(expected, rel=1e-9, abs=1e-250)


@settings(deadline=None)
@given(contingencies, st.sampled_from([0.8, 0.95, 0.99]))
def test_kappa_and_its_limits_equal_statsmodels(table: list[list[int]], confidence: float) -> None:
    counts = np.array(table)
    total = counts.sum()
    assume(total and counts.sum(0) @ counts.sum(1) < total**2)
    result = cohen_kappa(table, confidence)
    with np.errstate(divide="ignore", invalid="ignore"):  # raters who always agree leave it a variance just below 0
        expected = cohens_kappa(counts)
    variance = max(0.0, expected.var_kappa)
    half = stats.norm.ppf((1 + confidence) / 2) * np.sqrt(variance)
    limits = np.clip([expected.kappa - half, expected.kappa + half], -1, 1)
    root_of_rounding = 1e-9 if variance > 1e-9 else 1e-6
    assert result.kappa == pytest.approx(expected.kappa, rel=0, abs=1e-9)
    assert (result.low, result.high) == pytest.approx(tuple(limits), rel=0, abs=root_of_rounding)


def merged(columns: Floats, blocks: int) -> RankingStatistics:
    """Candidates "0", "1", ... of (rows, candidates) scores in score units, NaN where there is none."""
    statistics = RankingStatistics()
    for number, rows in enumerate(np.array_split(columns, blocks)):
        scores = [[None if np.isnan(x) else round(x * SCORE_SCALE) for x in column] for column in rows.T]
        statistics.add_block([batch_of(str(key), column, number) for key, column in enumerate(scores)])
    return statistics


@pytest.mark.parametrize("levels", [1, 4, SCORE_SCALE])
def test_every_pair_of_a_merged_field_with_unscored_rows_gets_the_paired_t_test_of_scipy(levels: int) -> None:
    random = np.random.default_rng(levels)
    for blocks in range(1, 11):
        rows = int(random.integers(150, 400))
        columns = random.binomial(levels, [0.3, 0.5, 0.55, 0.7], (rows, 4)) / levels
        columns[random.random(columns.shape) < 0.1] = np.nan
        statistics = merged(columns, blocks)
        for i, j in combinations(range(4), 2):
            expected = stats.ttest_rel(columns[:, i], columns[:, j], nan_policy="omit")
            differences = columns[:, i] - columns[:, j]
            result = compare(statistics.pair(str(i), str(j)))
            assert result.n == expected.df + 1 == np.isfinite(differences).sum()
            assert result.difference == pytest.approx(np.nanmean(differences), rel=1e-9)
            assert result.standard_error == pytest.approx(stats.sem(differences, nan_policy="omit"), rel=1e-9)
            assert result.z == pytest.approx(expected.statistic, rel=1e-9)
            assert result.p_value == pytest.approx(max(2.0 ** (1 - result.n), expected.pvalue), rel=1e-7)


@st.composite
def connected_votes(draw: st.DrawFn) -> tuple[int, list[Vote]]:
    """Votes without ties on 2..8 candidates, each of which beat the next one round a circle."""
    n = draw(st.integers(2, 8))
    pairs = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda pair: pair[0] != pair[1])
    drawn = draw(st.lists(st.tuples(pairs, st.integers(1, 20)), max_size=30))
    circle = [((i, (i + 1) % n), 1) for i in range(n)]
    return n, [(str(i), str(j), "first") for (i, j), count in [*circle, *drawn] for _ in range(count)]


@settings(deadline=None, max_examples=40)
@given(connected_votes())
def test_strengths_equal_those_of_choix(drawn: tuple[int, list[Vote]]) -> None:
    n, votes = drawn
    strengths = fit(VoteCounts.of(votes))
    data = [(int(winner), int(loser)) for winner, loser, _ in votes]
    expected = choix.opt_pairwise(n, data, alpha=0, tol=1e-12)
    assert not strengths.separated
    assert strengths.theta == pytest.approx(expected - expected.mean(), rel=0, abs=1e-5)


def by_regression(n: int, votes: list[Vote]) -> tuple[Floats, Floats]:
    """Centred strengths and their HC0 covariance by a logistic regression of one row per vote, candidate 0 as base."""
    design = np.zeros((len(votes), n))
    for row, (first, second, _) in enumerate(votes):
        design[row, int(first)], design[row, int(second)] = 1, -1
    outcome = [{"first": 1.0, "tie": 0.5, "second": 0.0}[verdict] for _, _, verdict in votes]
    fitted = GLM(outcome, design[:, 1:], Binomial()).fit(cov_type="HC0", tol=1e-12, tol_criterion="params")
    centred = (np.eye(n) - 1 / n)[:, 1:]
    return centred @ fitted.params, centred @ fitted.cov_params() @ centred.T


def random_votes(seed: int, n: int, count: int, verdicts: list[Verdict]) -> list[Vote]:
    random = np.random.default_rng(seed)
    pairs = [random.choice(n, 2, replace=False) for _ in range(count)]
    return [(str(i), str(j), verdicts[int(random.integers(len(verdicts)))]) for i, j in pairs]


WINS = {("0", "1"): 30, ("0", "2"): 40, ("1", "0"): 20, ("1", "2"): 35, ("2", "0"): 10, ("2", "1"): 15}
WORKED: list[Vote] = [(winner, loser, "first") for (winner, loser), count in WINS.items() for _ in range(count)]


@pytest.mark.parametrize(
    ("n", "votes"),
    [
        (3, WORKED),
        (5, random_votes(81, 5, 300, ["first", "first", "second"])),
        (7, random_votes(82, 7, 500, ["first", "second", "second", "tie"])),
    ],
    ids=["worked", "random", "random with ties"],
)
def test_the_covariance_of_strengths_is_the_robust_one_of_a_logistic_regression(n: int, votes: list[Vote]) -> None:
    strengths, (theta, covariance) = fit(VoteCounts.of(votes)), by_regression(n, votes)
    assert not strengths.separated
    assert strengths.theta == pytest.approx(theta, rel=0, abs=1e-9)
    assert np.array(strengths.covariance) == pytest.approx(covariance, rel=1e-8, abs=1e-11)


def log_of_product(differences: list[int], margin: float, stakes: Stakes) -> float:
    """ln of the mean over bets of the product over rows, multiplied out in rational numbers that never round."""
    total, edge = Fraction(0), Fraction(margin)
    for bet in stakes.bets:
        stake, product = Fraction(bet) / (1 + max(edge, Fraction(0))), Fraction(1)
        factors = {difference: 1 + stake * (difference - edge) for difference in (1, -1, 0)}
        for difference in differences:
            product *= factors[difference]
        total += product
    return log(total / len(stakes.bets))


@pytest.mark.parametrize("margin", [-0.05, 0.0, 0.02])
@pytest.mark.parametrize(("first", "second", "ties"), [(0, 0, 9), (40, 3, 20), (3, 40, 20), (200, 120, 180)])
def test_evidence_equals_the_product_over_rows_in_rational_numbers(
    first: int, second: int, ties: int, margin: float
) -> None:
    stakes = race_stakes(racers=10, rows=1000, alpha=0.05)
    rows = [1] * first + [-1] * second + [0] * ties
    result = log_e_binary(first, second, ties, margin=margin, bets=stakes.bets)
    assert result == pytest.approx(log_of_product(rows, margin, stakes), rel=1e-12, abs=1e-12)
