"""Seeded simulations: the promised error rates hold, and a naive rule fails the same check (which guards the check)."""

from collections.abc import Iterator
from math import sqrt
from typing import get_args

import numpy as np
import pytest

from gero.ranking import RankingStatistics, build_ranking, compare, decide, rank_ranges
from gero.ranking.promotion import Policy
from tests.gero.ranking.samples import simulated_answers, statistics_of_sums

RUNS, ROWS_PER_RUN = 20, 200
ALPHA = {"strict": 0.05, "default": 0.10, "eager": 0.20}
CHAMPION = "0"


def upper_limit(probability: float, repetitions: int) -> float:
    return probability + 3 * sqrt(probability * (1 - probability) / repetitions)


def tenure(random: np.random.Generator, qualities: list[float], levels: int) -> Iterator[RankingStatistics]:
    """Cumulative statistics after each of RUNS runs on fresh rows."""
    sums = np.zeros(len(qualities), dtype=np.int64)
    products = np.zeros((len(qualities), len(qualities)), dtype=np.int64)
    for run in range(1, RUNS + 1):
        answers = simulated_answers(random, ROWS_PER_RUN, qualities, levels)
        sums, products = sums + answers.sum(axis=0), products + answers.T @ answers
        yield statistics_of_sums(run * ROWS_PER_RUN, sums, products, levels)


def switches(statistics: RankingStatistics, policy: Policy) -> bool:
    pairs = statistics.pairs_against(CHAMPION)
    return decide(build_ranking(statistics), pairs, champion_id=CHAMPION, policy=policy).action == "promote"


def naive_switch(statistics: RankingStatistics) -> bool:
    return any(compare(pair).z > 1.645 for pair in statistics.pairs_against(CHAMPION).values())


@pytest.mark.parametrize("levels", [1, 4])
def test_equal_models_are_switched_no_more_often_than_promised_while_a_naive_test_is(levels: int) -> None:
    random, repetitions = np.random.default_rng(401 + levels), 100
    counts = dict.fromkeys([*ALPHA, "naive"], 0)
    for _ in range(repetitions):
        runs = list(tenure(random, [0.8] * 4, levels))
        counts["naive"] += any(map(naive_switch, runs))
        for policy in set(get_args(Policy)) & ALPHA.keys():
            counts[policy] += any(switches(statistics, policy) for statistics in runs)
    for policy, alpha in ALPHA.items():
        assert counts[policy] / repetitions <= upper_limit(alpha, repetitions)
        assert counts["naive"] / repetitions > upper_limit(alpha, repetitions)


def test_a_challenger_five_points_better_is_adopted_within_four_thousand_rows() -> None:
    random = np.random.default_rng(402)
    adopted = sum(
        any(switches(statistics, "default") for statistics in tenure(random, [0.75, 0.80, 0.75], 1)) for _ in range(20)
    )
    assert adopted >= 18


def test_rank_ranges_hold_the_true_ranks_while_uncorrected_pairs_do_not() -> None:
    random, repetitions, n = np.random.default_rng(101), 300, 400
    qualities = [0.7] * 8 + [0.4]
    missed = uncorrected = 0
    for _ in range(repetitions):
        answers = simulated_answers(random, n, qualities)
        statistics = statistics_of_sums(n, answers.sum(axis=0), answers.T @ answers)
        ranges = rank_ranges(statistics)
        assert ranges["8"] == (9, 9)
        missed += any(ranges[str(tied)] != (1, 8) for tied in range(8))
        tied_pairs = [pair for ids, pair in statistics.pairs.items() if "8" not in ids]
        uncorrected += any(compare(pair).p_value < 0.05 for pair in tied_pairs)
    assert missed / repetitions <= upper_limit(0.05, repetitions)
    assert uncorrected / repetitions > upper_limit(0.05, repetitions)
