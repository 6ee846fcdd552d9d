"""What is known of a judge by itself: how often it changes its mind, and whether it prefers long answers."""

from collections.abc import Mapping
from math import sqrt

import msgspec

from gero.evaluation import SCORE_SCALE, JudgeSums
from gero.ranking.distributions import t_quantile
from gero.ranking.intervals import wilson


class JudgeCard(msgspec.Struct, frozen=True):
    """Shares are 0..1; limits are None where there is nothing to estimate from."""

    n_judged: int
    n_unjudged: int
    n_audits: int
    flip_rate: float | None
    """Share of the audited answers that got another verdict the second time."""
    flip_low: float | None
    flip_high: float | None
    length_slope: float | None
    """Change of the score per 1,000 characters of answer, within candidates: warns of a taste for length, but longer
    answers may be better ones.
    """
    length_slope_low: float | None
    length_slope_high: float | None


def judge_card(sums: Mapping[str, JudgeSums], confidence: float = 0.95) -> JudgeCard:
    """The card of a run's judge, from its sums per candidate."""
    total = sum(sums.values(), JudgeSums())
    flips = wilson(total.n_flips / total.n_audits, total.n_audits, confidence) if total.n_audits else (None, None)
    return JudgeCard(
        total.n_judged,
        total.n_unjudged,
        total.n_audits,
        total.n_flips / total.n_audits if total.n_audits else None,
        *flips,
        *_length_slope([one for one in sums.values() if one.n_judged], confidence),
    )


def _length_slope(sums: list[JudgeSums], confidence: float) -> tuple[float, float, float] | tuple[None, None, None]:
    """Least squares with an intercept of each candidate's own, so that a good verbose model is no bias."""
    xx = sum((one.n_judged * one.lengths_squared - one.lengths**2) / one.n_judged for one in sums)
    xy = sum((one.n_judged * one.lengths_times_scores - one.lengths * one.scores) / one.n_judged for one in sums)
    yy = sum((one.n_judged * one.scores_squared - one.scores**2) / one.n_judged for one in sums)
    freedom = sum(one.n_judged for one in sums) - len(sums) - 1
    if xx <= 0 or freedom < 1:
        return None, None, None
    unit = 1000 / SCORE_SCALE
    slope = xy / xx
    error = sqrt(max(0.0, yy - slope * xy) / freedom / xx)
    half = t_quantile((1 + confidence) / 2, freedom) * error
    return slope * unit, (slope - half) * unit, (slope + half) * unit
