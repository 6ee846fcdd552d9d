"""Confidence intervals of one candidate's mean score, in score units (0..1)."""

from math import log, log1p, sqrt
from typing import NamedTuple

from gero.evaluation import SCORE_SCALE
from gero.ranking.distributions import normal_quantile, t_quantile

# Below these the t interval of bounded scores covers too little (statistics of scores near the ceiling are skewed).
_FEW_ROWS = 200
_NEAR_BOUND = 0.05


class Interval(NamedTuple):
    """Limits of a confidence interval."""

    low: float
    high: float


def wilson(mean: float, n: int, confidence: float = 0.95) -> Interval:
    """Wilson 1927 score interval of a proportion `mean` of `n` rows; raises ValueError without rows."""
    if n < 1:
        raise ValueError("an interval needs at least one row")
    z = normal_quantile((1 + confidence) / 2)
    spread = z * z / n
    centre = (mean + spread / 2) / (1 + spread)
    half = z / (1 + spread) * sqrt(mean * (1 - mean) / n + spread / (4 * n))
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def t_interval(mean: float, variance: float, n: int, confidence: float = 0.95) -> Interval:
    """Student interval from the sample `variance` (divisor n - 1), not clipped; raises ValueError for n < 2."""
    if n < 2:
        raise ValueError("a t interval needs at least two rows")
    half = t_quantile((1 + confidence) / 2, n - 1) * sqrt(variance / n)
    return Interval(mean - half, mean + half)


def score_interval(n: int, score_sum: int, score_squares: int, confidence: float = 0.95) -> Interval:
    """Interval of the mean of `n` scaled scores from their sum and sum of squares.

    Exact-match scores get Wilson. Graded scores get t, widened to Wilson when there are few rows or the mean is near
    0 or 1; that is conservative because the variance on 0..1 is at most mean * (1 - mean).
    """
    if n < 1:
        raise ValueError("an interval needs at least one row")
    mean = score_sum / (n * SCORE_SCALE)
    bound = wilson(mean, n, confidence)
    if n < 2 or score_squares == score_sum * SCORE_SCALE:
        return bound
    variance = (n * score_squares - score_sum**2) / (n * (n - 1) * SCORE_SCALE**2)
    low, high = t_interval(mean, variance, n, confidence)
    if n < _FEW_ROWS or not _NEAR_BOUND <= mean <= 1 - _NEAR_BOUND:
        low, high = min(low, bound.low), max(high, bound.high)
    return Interval(max(0.0, low), min(1.0, high))


def anytime_interval(
    n: int, score_sum: int, score_squares: int, planned_rows: int, confidence: float = 0.95
) -> Interval:
    """Interval of the mean of `n` scaled scores that holds at all times together, so also after an early stop.

    The asymptotic confidence sequence of Waudby-Smith et al. 2024, sharpest at half of the planned rows, widened to
    `score_interval`, because its normal approximation fails near 0 and 1.
    """
    low, high = score_interval(n, score_sum, score_squares, confidence)
    mean = score_sum / (n * SCORE_SCALE)
    # As for evidence, a lucky variance of zero is taken for that of one row.
    squares = max((n * score_squares - score_sum**2) / n, SCORE_SCALE**2) / SCORE_SCALE**2
    half = sqrt(squares / n) * anytime_width(n, planned_rows, confidence)
    return Interval(max(0.0, min(low, mean - half)), min(1.0, max(high, mean + half)))


def anytime_width(n: int, planned_rows: int, confidence: float = 0.95) -> float:
    """Half the width of the asymptotic confidence sequence after `n` values of standard deviation 1."""
    alpha = 1 - confidence
    level = -2 * log(alpha)
    spread = n * (level + log1p(level)) / (max(planned_rows, 1) / 2)
    return sqrt(2 * (spread + 1) / (n * spread) * log(sqrt(spread + 1) / alpha))


def within_population(interval: Interval, mean: float, n: int, population: int) -> Interval:
    """The interval when the question is about `population` rows only, of which `n` were a random sample."""
    factor = sqrt(max(0.0, 1 - n / population)) if population else 1.0
    return Interval(mean - factor * (mean - interval.low), mean + factor * (interval.high - mean))
