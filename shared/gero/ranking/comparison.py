"""Paired comparison of candidates on common rows, and the rank ranges that follow from all pairs at once."""

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations, permutations
from math import ceil, copysign, exp, inf, log, sqrt
from typing import NamedTuple

from gero.evaluation import SCORE_SCALE
from gero.ranking.distributions import t_two_sided
from gero.ranking.merge import RankingStatistics
from gero.ranking.pairs import PairSums

# Below this many discordant rows the normal approximation of exact-match scores is replaced by the exact test.
_FEW_DISCORDANT = 25


class Comparison(NamedTuple):
    """Mean difference of two candidates (first - second, in score units) on the `n` rows both scored."""

    n: int
    difference: float
    standard_error: float
    z: float
    p_value: float
    """Two-sided."""


def compare(pair: PairSums, population: int | None = None) -> Comparison:
    """Paired t-test from sums (the paired standard error of Miller 2024); McNemar exact for few discordant rows.

    `population`: the question is about that many rows only, of which the pair's are a random sample. The standard
    error shrinks by sqrt(1 - n / population), and nothing is left to doubt once all are scored.
    """
    if population is not None and pair.n >= population > 0:
        return Comparison(pair.n, pair.difference, 0.0, _ratio(pair.difference, 0.0), float(not pair.difference_sum))
    if pair.n < 2:
        return Comparison(pair.n, pair.difference, inf, 0.0, 1.0)
    unseen = 1 - pair.n / population if population else 1.0
    error = sqrt(unseen * pair.deviation_squares / (pair.n * (pair.n - 1)))
    z = _ratio(pair.difference, error)
    counts = pair.discordance
    if counts is not None and sum(counts) < _FEW_DISCORDANT:
        return Comparison(pair.n, pair.difference, error, z, mcnemar_exact(*counts))
    # No test of symmetry on n rows gives less, so a lucky variance of zero on a few rows proves nothing.
    floor = 2.0 ** (1 - pair.n)
    return Comparison(pair.n, pair.difference, error, z, max(floor, t_two_sided(z, pair.n - 1)))


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """Two-sided p-value of McNemar's exact test: 2 P(Bin(b + c, 1/2) <= min(b, c)), at most 1."""
    total = only_first + only_second
    term = cumulated = 1
    for k in range(min(only_first, only_second)):
        term = term * (total - k) // (k + 1)
        cumulated += term
    return min(1.0, 2 * cumulated / (1 << total))


def holm(p_values: Sequence[float], alpha: float = 0.05) -> list[bool]:
    """Which hypotheses Holm's step-down method (1979) rejects; P(any false rejection) <= alpha."""
    rejected = [False] * len(p_values)
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[index] > alpha / (len(p_values) - rank):
            break
        rejected[index] = True
    return rejected


def certain_orders(
    statistics: RankingStatistics, candidate_ids: Iterable[str], alpha: float = 0.05, population: int | None = None
) -> set[tuple[str, str]]:
    """The (better, worse) pairs that hold together with probability 1 - alpha; `population` as in `compare`."""
    pairs = list(combinations(candidate_ids, 2))
    comparisons = [compare(statistics.pair(*ids), population) for ids in pairs]
    rejected = holm([comparison.p_value for comparison in comparisons], alpha)
    return {
        (first, second) if comparison.difference > 0 else (second, first)
        for (first, second), comparison, certain in zip(pairs, comparisons, rejected, strict=True)
        if certain
    }


def certain_orders_at_any_time(
    log_e: Callable[[str, str], float], candidate_ids: Iterable[str], alpha: float = 0.05
) -> set[tuple[str, str]]:
    """`certain_orders` that hold however sampling was stopped, from ln E that one is better than another.

    Holm over p = min(1, 1 / E) of all directed pairs, valid under any dependence.
    """
    pairs = list(permutations(candidate_ids, 2))
    rejected = holm([exp(min(0.0, -log_e(*ids))) for ids in pairs], alpha)
    return {ids for ids, certain in zip(pairs, rejected, strict=True) if certain}


def ranges_of(candidate_ids: Iterable[str], orders: set[tuple[str, str]]) -> dict[str, tuple[int, int]]:
    """Lowest and highest rank of each candidate that the certain (better, worse) pairs allow.

    The confidence set of ranks of Mogstad, Romano, Shaikh, Wilhelm 2024, with Holm in place of their bootstrap.
    """
    ids = list(candidate_ids)
    better = [order[0] for order in orders]
    worse = [order[1] for order in orders]
    return {key: (1 + worse.count(key), len(ids) - better.count(key)) for key in ids}


def rank_ranges(statistics: RankingStatistics, alpha: float = 0.05) -> dict[str, tuple[int, int]]:
    """Candidate -> (lowest, highest) rank; all hold together with probability 1 - alpha."""
    ids = sorted(statistics.candidates)
    return ranges_of(ids, certain_orders(statistics, ids, alpha))


def rows_to_separate(pair: PairSums, opponents: int, alpha: float = 0.05) -> int | None:
    """Estimated further common rows until the observed difference is certain; None when there is none to confirm.

    Rule of thumb `n = 2 v (ln(M / alpha) + 1.5) / gap^2` for the median of the sequential test against M opponents,
    v the mean squared difference; the total is at least a tenth more than the rows that did not suffice.
    """
    if not pair.difference_sum:
        return None
    mean_square = pair.difference_squares / (pair.n * SCORE_SCALE**2)
    total = 2 * mean_square * (log(max(1, opponents) / alpha) + 1.5) / pair.difference**2
    return max(ceil(total) - pair.n, ceil(pair.n / 10))


def _ratio(difference: float, error: float) -> float:
    if error:
        return difference / error
    return copysign(inf, difference) if difference else 0.0
