import csv
import os
import time
from math import exp, log, sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from gero.ranking import VoteCounts, fit
from gero.ranking.bradley_terry import log_e_difference
from gero.ranking.votes import Counts

LLMFAO = os.environ.get("GERO_LLMFAO")
WORKED = VoteCounts(wins={"0": {"1": 30, "2": 40}, "1": {"0": 20, "2": 35}, "2": {"0": 10, "1": 15}})


def counted(wins: list[list[int]], ties: list[list[int]]) -> VoteCounts:
    every = range(len(wins))

    def stored(table: list[list[int]], ordered: bool) -> Counts:
        rows = {
            str(i): {str(j): table[i][j] for j in every if i != j and table[i][j] and (i < j or not ordered)}
            for i in every
        }
        return {key: row for key, row in rows.items() if row}

    return VoteCounts(stored(wins, False), stored(ties, True))


def best_by_scipy(counts: VoteCounts, ids: tuple[str, ...], ridge: float) -> np.ndarray:
    def loss(theta: np.ndarray) -> float:
        total = ridge / 2 * float(theta @ theta) + float(theta.sum()) ** 2
        for i, one in enumerate(ids):
            for j, other in enumerate(ids):
                votes = counts.won(one, other) + counts.tied(one, other) / 2
                total += votes * float(np.logaddexp(0, theta[j] - theta[i])) if i != j else 0.0
        return total

    return np.asarray(optimize.minimize(loss, np.zeros(len(ids)), method="BFGS", options={"gtol": 1e-10}).x)


def test_the_worked_example_gives_its_strengths_and_variances() -> None:
    strengths = fit(WORKED)
    assert strengths.theta == pytest.approx((0.5914677, 0.1491022, -0.7405700), abs=1e-7)
    variances = [strengths.covariance[i][i] for i in range(3)]
    assert variances == pytest.approx([0.0220513, 0.0202935, 0.0238734], abs=1e-7)
    assert sum(strengths.theta) == pytest.approx(0, abs=1e-12)
    assert not strengths.separated


small = st.integers(0, 12)
tables = st.integers(2, 5).flatmap(
    lambda n: st.tuples(*[st.lists(st.lists(small, min_size=n, max_size=n), min_size=n, max_size=n)] * 2)
)


@given(tables)
def test_strengths_are_the_maximum_that_scipy_finds_with_and_without_separation(
    drawn: tuple[list[list[int]], list[list[int]]],
) -> None:
    counts, ids = counted(*drawn), tuple(str(i) for i in range(len(drawn[0])))
    strengths = fit(counts, ids)
    expected = best_by_scipy(counts, ids, 0.1 if strengths.separated else 0.0)
    assert strengths.theta == pytest.approx(expected - expected.mean(), abs=2e-4)
    assert np.linalg.eigvalsh(np.array(strengths.covariance)).min() > -1e-9


def test_the_fit_solves_the_likelihood_equations_exactly() -> None:
    counts = counted([[0, 9, 4], [3, 0, 8], [2, 6, 0]], [[0, 5, 2], [0, 0, 7], [0, 0, 0]])
    strengths = fit(counts)
    for one in strengths.candidate_ids:
        surplus = 0.0
        for other in strengths.candidate_ids:
            if other != one:
                d, _ = strengths.difference(one, other)
                surplus += counts.won(one, other) + counts.tied(one, other) / 2
                surplus -= counts.compared(one, other) / (1 + exp(-d))
        assert surplus == pytest.approx(0, abs=1e-9)


def test_the_sandwich_is_the_bread_and_filling_of_numpy_and_narrower_than_the_hessian_alone_with_ties() -> None:
    counts = counted([[0, 9, 4], [3, 0, 8], [2, 6, 0]], [[0, 15, 12], [0, 0, 17], [0, 0, 0]])
    strengths = fit(counts)
    bread, filling = np.zeros((3, 3)), np.zeros((3, 3))
    for i, j in ((0, 1), (0, 2), (1, 2)):
        p = 1 / (1 + exp(strengths.theta[j] - strengths.theta[i]))
        contrast = np.zeros(3)
        contrast[i], contrast[j] = 1, -1
        one, other = str(i), str(j)
        outer = np.outer(contrast, contrast)
        bread += counts.compared(one, other) * p * (1 - p) * outer
        filling += outer * (
            counts.won(one, other) * (1 - p) ** 2
            + counts.won(other, one) * p**2
            + counts.tied(one, other) * (0.5 - p) ** 2
        )
    inverse = np.linalg.pinv(bread)
    assert np.array(strengths.covariance) == pytest.approx(inverse @ filling @ inverse, abs=1e-9)
    assert strengths.covariance[0][0] < inverse[0][0]


def test_a_candidate_that_never_loses_gets_a_finite_strength_and_no_false_certainty() -> None:
    strengths = fit(VoteCounts(wins={"a": {"b": 10}}))
    difference, variance = strengths.difference("a", "b")
    assert strengths.separated
    assert 2 < difference < 6
    assert difference / sqrt(variance) < 2.5
    assert fit(VoteCounts(wins={"a": {"b": 5}, "c": {"d": 5}})).separated
    assert fit(VoteCounts(), ["a", "b"]).theta == (0, 0)
    assert fit(VoteCounts(), []).theta == ()


def test_ratings_are_on_the_scale_of_elo_and_intervals_cover_their_centre() -> None:
    strengths = fit(VoteCounts(wins={"a": {"b": 100}, "b": {"a": 10}}))
    assert strengths.rating("a") - strengths.rating("b") == pytest.approx(400)
    low, high = strengths.rating_interval("a")
    assert low < strengths.rating("a") < high
    assert high - low == pytest.approx(2 * 1.959963985 * 400 / log(10) * sqrt(strengths.covariance[0][0]))


@given(st.floats(-3, 3), st.floats(1e-4, 10))
def test_the_evidence_of_a_difference_is_its_formula(difference: float, variance: float) -> None:
    k, score = 1 + 0.25 / variance, difference / variance
    expected = log(2) - log(k) / 2 + score**2 * 0.25 / (2 * k) + stats.norm.logcdf(score * sqrt(0.25 / k))
    assert log_e_difference(difference, variance) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_a_field_of_fifty_is_fitted_in_half_a_second() -> None:
    random = np.random.default_rng(6)
    counts = counted(random.integers(1, 9, (50, 50)).tolist(), random.integers(0, 5, (50, 50)).tolist())
    spent = []
    for _ in range(3):
        start = time.process_time()
        fit(counts)
        spent.append(time.process_time() - start)
    assert min(spent) < 0.5


@pytest.mark.skipif(not LLMFAO, reason="GERO_LLMFAO does not name the folder of the data")
def test_the_order_of_the_59_models_of_llmfao_is_the_published_one() -> None:
    folder = Path(str(LLMFAO))
    with (
        (folder / "crowd-comparisons.csv").open() as votes,
        (folder / "published-leaderboard-crowd.csv").open() as told,
    ):
        verdict = {"left": "first", "right": "second", "tie": "tie"}
        counts = VoteCounts.of((v["left"], v["right"], verdict[v["winner"]]) for v in csv.DictReader(votes))  # type: ignore[misc]
        published = [row[""] for row in csv.DictReader(told)]
    strengths = fit(counts)
    order = sorted(strengths.candidate_ids, key=strengths.rating, reverse=True)
    assert len(order) == 59
    assert order == published
