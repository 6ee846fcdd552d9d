"""Evidence that may be looked at after every round: e-processes on paired sums.

An e-process starts at 1 and, while the challenger is not better, exceeds 1 / alpha ever with probability at most
alpha (Ville's inequality), so stopping when it does needs no fixed number of looks. All values are logarithms.
Sources: Waudby-Smith, Ramdas 2024 (betting); Waudby-Smith et al. 2024 (asymptotic mixture); Ramdas et al. 2023.
"""

from collections.abc import Sequence
from math import comb, exp, inf, log, log1p, sqrt
from typing import Final, NamedTuple

from gero.evaluation import SCORE_SCALE
from gero.ranking.distributions import log_normal_cdf
from gero.ranking.pairs import PairSums

# The mixture is asymptotic: fewer rows are no evidence.
FIRST_LOOK_ROWS: Final = 50


def geometric_bets(smallest: float, largest: float, count: int) -> tuple[float, ...]:
    """`count` stakes in geometric progression, largest first."""
    return tuple(largest * (smallest / largest) ** (step / (count - 1)) for step in range(count))


def mixture_variance(threshold: float, rows: int) -> float:
    """The r^2 that makes the mixture sharpest at a quarter of `rows`, for an e-value of `threshold`."""
    level = 2 * log(threshold)
    return (level + log1p(level)) / (rows / 4)


# Fixed before any data, whatever the policy, so that evidence stays one process when a leaderboard changes its policy:
# small stakes for long horizons, and a mixture for four challengers at 10 % and a few thousand rows.
PROMOTION_BETS: Final = geometric_bets(0.004, 0.9, 9)
PROMOTION_MIXTURE_VARIANCE: Final = mixture_variance(4 / 0.10, 4000)


class Stakes(NamedTuple):
    """How an e-process bets, fixed before any data: `bets` on exact-match scores, a mixture of `variance` on graded."""

    bets: tuple[float, ...]
    variance: float


PROMOTION_STAKES: Final = Stakes(PROMOTION_BETS, PROMOTION_MIXTURE_VARIANCE)


def race_stakes(racers: int, rows: int, alpha: float) -> Stakes:
    """Stakes that decide soonest among so many racers on at most `rows` rows: small ones are no use on few rows."""
    smallest = min(0.9, sqrt(2 * log(racers / alpha) / max(rows, 1)))
    return Stakes(geometric_bets(smallest, 0.9, 6), mixture_variance(max(racers - 1, 1) / alpha, max(rows, 1)))


def log_e_binary(
    only_first: int, only_second: int, ties: int = 0, *, margin: float = 0.0, bets: Sequence[float] = PROMOTION_BETS
) -> float:
    """ln E against "first - second <= margin" for exact-match scores: valid at any time and any number of rows.

    The mean over stakes l of (1 + l (1 - m))^b (1 - l (1 + m))^c (1 - l m)^ties, each stake divided by 1 + max(m, 0).
    """
    logs = []
    for bet in bets:
        stake = bet / (1 + max(margin, 0.0))
        logs.append(
            only_first * log1p(stake * (1 - margin))
            + only_second * log1p(-stake * (1 + margin))
            + ties * log1p(-stake * margin)
        )
    return log_mean_exp(logs, len(logs))


def log_e_uniform(only_first: int, only_second: int) -> float:
    """ln E against "first is preferred in at most half" for counts of two-sided verdicts: all bets of 0..1 at once.

    The closed form of the integral of (1 + l)^b (1 - l)^c over l, exact at any time.
    """
    total = only_first + only_second
    term = cumulated = 1
    for k in range(only_first):
        term = term * (total + 1 - k) // (k + 1)
        cumulated += term
    return log(cumulated) - log((total + 1) * comb(total, only_first))


def log_mean_exp(logs: Sequence[float], count: int) -> float:
    """ln of the mean of `count` values, of which `logs` are the logarithms of those that are not 0."""
    if not logs:
        return -inf
    largest = max(logs)
    return largest + log(sum(exp(value - largest) for value in logs) / count)


def log_e_mixture(
    n: int,
    difference_sum: float,
    difference_squares: float,
    *,
    margin: float = 0.0,
    variance: float = PROMOTION_MIXTURE_VARIANCE,
) -> float:
    """ln E against "first - second <= margin" for scores of 0..1, by a half-normal mixture of `variance` r^2.

    Sums are in score units. Asymptotic: rely on it from FIRST_LOOK_ROWS rows on.
    """
    spread = max(difference_squares - difference_sum**2 / n, 1.0) / n
    total = (difference_sum - n * margin) / sqrt(spread)
    scale = 1 + n * variance
    return log(2) - log(scale) / 2 + variance * total**2 / (2 * scale) + log_normal_cdf(total * sqrt(variance / scale))


def log_e_value(
    pair: PairSums, margin: float = 0.0, stakes: Stakes = PROMOTION_STAKES, *, graded: bool = False
) -> float:
    """ln E that the first candidate is better than the second by more than `margin`; 0 = none yet.

    `graded`: scores may lie between 0 and 1, whether or not any has yet, so that the process never changes its bets.
    """
    counts = None if graded else pair.discordance
    if counts is not None:
        return log_e_binary(*counts, pair.n - sum(counts), margin=margin, bets=stakes.bets)
    if pair.n < FIRST_LOOK_ROWS:
        return 0.0
    return log_e_mixture(
        pair.n,
        pair.difference_sum / SCORE_SCALE,
        pair.difference_squares / SCORE_SCALE**2,
        margin=margin,
        variance=stakes.variance,
    )
