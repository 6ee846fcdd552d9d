from math import sqrt

import numpy as np
import pytest
from scipy import stats

from gero.evaluation import SCORE_SCALE, JudgeSums
from gero.ranking import JudgeCard, judge_card
from gero.ranking.intervals import wilson


def sums_of(lengths: list[int], scores: list[int], **counts: int) -> JudgeSums:
    return JudgeSums(
        n_judged=len(lengths),
        lengths=sum(lengths),
        lengths_squared=sum(x * x for x in lengths),
        scores=sum(scores),
        scores_squared=sum(y * y for y in scores),
        lengths_times_scores=sum(x * y for x, y in zip(lengths, scores, strict=True)),
        **counts,
    )


def test_the_flip_rate_has_a_wilson_interval_over_all_candidates() -> None:
    card = judge_card({"a": JudgeSums(50, 3, 40, 6), "b": JudgeSums(50, 1, 60, 9)})
    assert (card.n_judged, card.n_unjudged, card.n_audits, card.flip_rate) == (100, 4, 100, 0.15)
    assert (card.flip_low, card.flip_high) == wilson(0.15, 100)


def test_the_length_slope_of_one_candidate_is_that_of_scipy_per_thousand_characters() -> None:
    random = np.random.default_rng(9)
    lengths = random.integers(10, 4000, 80)
    scores = np.clip(0.3 + lengths / 10_000 + random.normal(0, 0.1, 80), 0, 1)
    scaled = [round(score * SCORE_SCALE) for score in scores]
    card = judge_card({"a": sums_of(lengths.tolist(), scaled)})
    expected = stats.linregress(lengths / 1000, np.array(scaled) / SCORE_SCALE)
    half = stats.t.ppf(0.975, 78) * expected.stderr
    assert card.length_slope == pytest.approx(expected.slope, rel=1e-9)
    assert card.length_slope_low == pytest.approx(expected.slope - half, rel=1e-9)
    assert card.length_slope_high == pytest.approx(expected.slope + half, rel=1e-9)


def test_a_verbose_candidate_that_is_better_is_no_taste_for_length() -> None:
    random = np.random.default_rng(10)
    terse, verbose = random.integers(100, 200, 200).tolist(), random.integers(2000, 2100, 200).tolist()
    low, high = (random.integers(0, 5, 200) * 100_000).tolist(), (random.integers(5, 10, 200) * 100_000).tolist()
    card = judge_card({"terse": sums_of(terse, low), "verbose": sums_of(verbose, high)})
    assert card.length_slope_low is not None
    assert card.length_slope_high is not None
    assert card.length_slope_low < 0 < card.length_slope_high
    centred = np.concatenate([np.array(side) - np.mean(side) for side in (terse, verbose)]) / 1000
    residual = np.concatenate([np.array(side) - np.mean(side) for side in (low, high)]) / SCORE_SCALE
    slope = centred @ residual / (centred @ centred)
    error = sqrt(((residual - slope * centred) ** 2).sum() / 397 / (centred @ centred))
    assert card.length_slope == pytest.approx(slope, rel=1e-9)
    assert card.length_slope_high == pytest.approx(slope + stats.t.ppf(0.975, 397) * error, rel=1e-9)


def test_a_card_of_nothing_claims_nothing() -> None:
    nothing = JudgeCard(0, 0, 0, None, None, None, None, None, None)
    assert judge_card({}) == judge_card({"a": JudgeSums()}) == nothing
    assert judge_card({"a": sums_of([5, 5, 5, 5], [1, 2, 3, 4])}).length_slope is None
