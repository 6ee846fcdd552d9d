import random
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gero.evaluation import SCORE_SCALE
from gero.ranking import LabelSums, PairSums, cohen_kappa, corrected_difference, judged_only, why_provisional
from tests.gero.ranking.samples import pair_of

WORKED = LabelSums(5, 2 * SCORE_SCALE, 12 * 10**11, 25 * 10**5, 155 * 10**10, 125 * 10**10)
differences = st.integers(-SCORE_SCALE, SCORE_SCALE)
labels = st.lists(st.tuples(differences, differences), max_size=30)


def summed(rows: list[tuple[int, int]]) -> LabelSums:
    return sum((LabelSums.of(*row) for row in rows), LabelSums())


def test_the_worked_example_gives_its_difference_weight_and_interval() -> None:
    result = corrected_difference(WORKED, (20, 11 * SCORE_SCALE, 7 * SCORE_SCALE**2))
    assert result is not None
    assert result.difference == pytest.approx(0.4476190476, abs=1e-9)
    assert result.weight == pytest.approx(0.9523809524, abs=1e-9)
    # The reference prints a lower limit of .2323484976, which is not as far from the centre as its upper one.
    assert (result.low, result.high) == pytest.approx((2 * 0.4476190476 - 0.6628895937, 0.6628895937), abs=1e-9)
    assert (result.human_only, result.judge_only) == pytest.approx((0.4, 13.5 / 25))
    assert (result.n_labels, result.n_judged, result.few) == (5, 20, True)


def test_without_judged_rows_people_speak_alone_and_without_people_nobody_does() -> None:
    result = corrected_difference(WORKED, (0, 0, 0))
    assert result is not None
    assert (result.difference, result.weight) == (0.4, 0)
    assert result.variance == pytest.approx(0.1 / 5)
    assert corrected_difference(LabelSums.of(1, 1), (20, 0, 0)) is None


def test_a_judge_that_says_the_opposite_of_people_is_not_listened_to() -> None:
    rows = [(SCORE_SCALE, -SCORE_SCALE), (0, 0), (-SCORE_SCALE, SCORE_SCALE)] * 20
    result = corrected_difference(summed(rows), (500, 0, 300 * SCORE_SCALE**2))
    assert result is not None
    assert (result.weight, result.difference, result.few) == (0, 0, False)


def test_the_corrected_difference_covers_the_truth_and_is_narrower_while_a_biased_judge_alone_misses_it() -> None:
    generator, repetitions, n, further = np.random.default_rng(501), 300, 100, 1900
    covered = judged_right = 0
    widths = []
    for _ in range(repetitions):
        truth = generator.choice([-1, 0, 1], p=[0.25, 0.4, 0.35], size=n + further)
        seen = np.where(generator.random(n + further) < 0.2, generator.choice([0, 1], size=n + further), truth)
        sums = summed([(int(y) * SCORE_SCALE, int(f) * SCORE_SCALE) for y, f in zip(truth[:n], seen[:n], strict=True)])
        rest = seen[n:]
        judged = further, int(rest.sum()) * SCORE_SCALE, int((rest**2).sum()) * SCORE_SCALE**2
        result = corrected_difference(sums, judged)
        assert result is not None
        covered += result.low <= 0.1 <= result.high
        judged_right += abs(result.judge_only - 0.1) < 1.96 * seen.std() / sqrt(n + further)
        widths.append((result.high - result.low) / (2 * 1.96 * truth[:n].std(ddof=1) / sqrt(n)))
    assert covered / repetitions >= 0.95 - 3 * sqrt(0.05 * 0.95 / repetitions)
    assert judged_right / repetitions < 0.1
    assert sum(widths) / repetitions < 0.8


@given(labels, st.integers(0, 30), st.randoms(use_true_random=False))
def test_labels_merge_to_the_same_sums_in_any_order(
    rows: list[tuple[int, int]], cut: int, order: random.Random
) -> None:
    shuffled = order.sample(rows, len(rows))
    assert summed(shuffled[:cut]) + summed(shuffled[cut:]) == summed(rows)
    assert summed(rows).flipped() == summed([(-human, -judge) for human, judge in rows])
    assert sum(summed(rows).verdicts) == len(rows)


def test_a_label_outside_of_the_scale_is_refused() -> None:
    with pytest.raises(ValueError, match="lies within"):
        LabelSums.of(SCORE_SCALE + 1, 0)


def test_what_only_the_judge_compared_is_the_pair_without_its_labelled_rows() -> None:
    first, second = [900_000, 500_000, 250_000, 0], [400_000, 500_000, 0, 750_000]
    sums = summed([(SCORE_SCALE, 500_000), (0, 0)])
    assert judged_only(pair_of(first, second), sums) == (2, -500_000, 250_000**2 + 750_000**2)
    assert judged_only(PairSums(), LabelSums()) == (0, 0, 0)


def test_kappa_gives_the_worked_value_and_its_large_sample_limits() -> None:
    result = cohen_kappa([[45, 5], [10, 40]])
    assert result.kappa == pytest.approx(0.7, abs=1e-9)
    assert result.observed == pytest.approx(0.85)
    assert result.n == 100
    # Direct delta method: kappa as a function of the four shares.
    p = np.array([0.45, 0.05, 0.10, 0.40])

    def kappa(q: np.ndarray) -> float:
        rows, columns = (q[0] + q[1], q[2] + q[3]), (q[0] + q[2], q[1] + q[3])
        chance = rows[0] * columns[0] + rows[1] * columns[1]
        return float((q[0] + q[3] - chance) / (1 - chance))

    slope = np.array([(kappa(p + step) - kappa(p - step)) / 2e-6 for step in 1e-6 * np.eye(4)])
    error = sqrt((slope**2 @ p - (slope @ p) ** 2) / 100)
    assert result.low == pytest.approx(0.7 - 1.959963985 * error, abs=1e-6)
    assert result.high == pytest.approx(0.7 + 1.959963985 * error, abs=1e-6)


def test_kappa_is_undefined_without_verdicts_or_without_differences() -> None:
    assert cohen_kappa([[0, 0], [0, 0]]).kappa is None
    unanimous = cohen_kappa([[9, 0], [0, 0]])
    assert (unanimous.kappa, unanimous.observed) == (None, 1)
    assert cohen_kappa([[5, 0], [0, 5]]).kappa == 1


def test_labels_tell_how_often_people_and_judge_prefer_the_same() -> None:
    sums = summed([(SCORE_SCALE, 250_000)] * 3 + [(0, 0)] * 2 + [(-SCORE_SCALE, 500_000)])
    assert sums.verdicts == (3, 0, 0, 0, 2, 0, 1, 0, 0)
    assert sums.agreement.observed == pytest.approx(5 / 6)


def test_a_judge_is_provisional_until_people_agree_with_it_often_enough() -> None:
    good, poor = cohen_kappa([[45, 5], [10, 40]]), cohen_kappa([[30, 20], [20, 30]])
    assert why_provisional(good, 100) is None
    assert "100 of the 101 verdicts" in str(why_provisional(good, 101))
    assert "kappa is 0.20 on 100 verdicts, not 0.60" in str(why_provisional(poor, 100))
    assert why_provisional(poor, 0) is None
    assert why_provisional(poor, 100, between_people=0.25) is None
    assert why_provisional(good, 100, between_people=0.95) is None
    assert "undefined" in str(why_provisional(cohen_kappa([[100, 0], [0, 0]]), 100))


def test_agreement_does_not_depend_on_which_of_the_two_is_named_first() -> None:
    one_sided = summed([(SCORE_SCALE, 250_000)] * 60)
    assert (one_sided.agreement.kappa, one_sided.agreement.n) == (1, 60)
    mixed = [(SCORE_SCALE, SCORE_SCALE)] * 40 + [(0, SCORE_SCALE)] * 6 + [(-SCORE_SCALE, SCORE_SCALE)] * 4
    turned = [(-human, -judge) if place % 2 else (human, judge) for place, (human, judge) in enumerate(mixed)]
    assert summed(mixed).agreement == summed(mixed).flipped().agreement == summed(turned).agreement
    assert summed([(0, 0)] * 9).agreement.kappa is None


def test_limits_of_agreement_are_those_of_the_items_and_not_of_both_ways() -> None:
    generator, n, repetitions = np.random.default_rng(7), 200, 300
    kappas, covered = [], 0
    table = np.array([[0.5, 0.05, 0.05], [0.05, 0.1, 0.03], [0.05, 0.02, 0.15]])
    both_ways = (table + table[::-1, ::-1]) / 2
    chance = both_ways.sum(0) @ both_ways.sum(1)
    truth = (np.trace(both_ways) - chance) / (1 - chance)
    for drawn in generator.multinomial(n, table.ravel(), size=repetitions):
        found = LabelSums(n, verdicts=tuple(map(int, drawn))).agreement
        assert found.n == n
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= truth <= found.high
        kappas.append(found.kappa)
    assert 0.95 - 3 * sqrt(0.05 * 0.95 / repetitions) <= covered / repetitions <= 0.99
    assert np.mean(np.array(kappas, dtype=float)) == pytest.approx(truth, abs=0.02)
