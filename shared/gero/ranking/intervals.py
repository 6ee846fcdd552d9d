"""Confidence intervals of one candidate's mean score, in score units (0..1)."""

from math import sqrt
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
