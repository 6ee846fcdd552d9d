"""Judge and people: how often they agree, and differences that people's few verdicts correct (PPI++).

Differences are first - second on one row in score units (-1..1). Sums are integers, so merging is exact in any order.
Sources: Angelopoulos, Duchi, Zrnic 2023 (PPI++); Cohen 1960; Fleiss, Cohen, Everitt 1969.
"""

from collections.abc import Sequence
from math import sqrt
from operator import add
from typing import Final, NamedTuple

import msgspec

from gero.evaluation import SCORE_SCALE
from gero.ranking.distributions import normal_quantile
from gero.ranking.intervals import Interval
from gero.ranking.pairs import PairSums

# Fewer labels are no base for a normal interval.
FEW_LABELS: Final = 50
# Conventions, not derived: what a judge must reach to be published without people (or as much as people agree, less a
# tenth).
KAPPA_FLOOR: Final = 0.6
_BELOW_PEOPLE: Final = 0.1


class LabelSums(msgspec.Struct, frozen=True, array_like=True):
    """Rows of one pair of candidates that both people (y) and a judge (f) compared, in 1 / SCORE_SCALE."""

    n: int = 0
    human_sum: int = 0
    human_squares: int = 0
    judge_sum: int = 0
    judge_squares: int = 0
    products: int = 0
    verdicts: tuple[int, ...] = (0,) * 9
    """Counts of (people, judge) verdicts, row by row of: first better, equal, second better."""

    @classmethod
    def of(cls, human: int, judge: int) -> "LabelSums":
        """One row's differences; raises ValueError outside of -SCORE_SCALE..SCORE_SCALE."""
        if max(abs(human), abs(judge)) > SCORE_SCALE:
            raise ValueError(f"a difference of scaled scores lies within {SCORE_SCALE} of 0")
        cell = 3 * _side(human) + _side(judge)
        return cls(1, human, human**2, judge, judge**2, human * judge, tuple(int(i == cell) for i in range(9)))

    def __add__(self, other: "LabelSums") -> "LabelSums":
        return LabelSums(
            self.n + other.n,
            self.human_sum + other.human_sum,
            self.human_squares + other.human_squares,
            self.judge_sum + other.judge_sum,
            self.judge_squares + other.judge_squares,
            self.products + other.products,
            tuple(map(add, self.verdicts, other.verdicts)),
        )

    def flipped(self) -> "LabelSums":
        """The same with the second candidate first."""
        sums = msgspec.structs.replace(self, human_sum=-self.human_sum, judge_sum=-self.judge_sum)
        return msgspec.structs.replace(sums, verdicts=self.verdicts[::-1])

    @property
    def agreement(self) -> "Agreement":
        """Of people and judge on which of the two is better.

        Each row counts with either of the two first: which one is says nothing, and by chance alone two raters would
        always agree on a candidate that is always better.
        """
        both_ways = tuple(map(add, self.verdicts, self.verdicts[::-1]))
        return cohen_kappa([both_ways[row : row + 3] for row in (0, 3, 6)], each=2)


class Corrected(NamedTuple):
    """A mean difference, with an interval, that both people and judge speak for."""

    difference: float
    low: float
    high: float
    variance: float
    weight: float
    """How far the judge is trusted (lambda), 0..1."""
    n_labels: int
    n_judged: int
    """Further rows that only the judge compared."""
    human_only: float
    judge_only: float
    """The judge's mean over all rows."""
    few: bool
    """Fewer than FEW_LABELS labels: do not rely on the interval."""


class Agreement(NamedTuple):
    """Cohen's kappa with its limits, and the plain share of equal verdicts; kappa is None when undefined."""

    kappa: float | None
    low: float | None
    high: float | None
    observed: float
    n: int


def judged_only(pair: PairSums, labels: LabelSums) -> tuple[int, int, int]:
    """(n, sum, sum of squares) of the judge's differences on those rows of `pair` that have no label.

    The labelled rows are part of the pair's.
    """
    unlabelled = pair.n - labels.n
    return unlabelled, pair.difference_sum - labels.judge_sum, pair.difference_squares - labels.judge_squares


def corrected_difference(labels: LabelSums, judged: tuple[int, int, int], confidence: float = 0.95) -> Corrected | None:
    """The judge's mean difference corrected by people (PPI++ with the tuned weight); None below two labels.

    `judged`: what `judged_only` gives. The labelled rows must be a random part, not those that looked hard.
    """
    n, (further, total, squares) = labels.n, judged
    if n < 2:
        return None
    human, judge = labels.human_sum / (n * SCORE_SCALE), labels.judge_sum / (n * SCORE_SCALE)
    v_human = _covariance(n, labels.human_sum, labels.human_sum, labels.human_squares)
    v_judge = _covariance(n, labels.judge_sum, labels.judge_sum, labels.judge_squares)
    both = _covariance(n, labels.human_sum, labels.judge_sum, labels.products)
    every = (n + further, labels.judge_sum + total)
    v_every = _covariance(every[0], every[1], every[1], labels.judge_squares + squares)
    weight, difference, variance = 0.0, human, v_human / n
    if further > 1 and v_every > 0:
        weight = min(1.0, max(0.0, both / ((1 + n / further) * v_every)))
        difference = human + weight * (total / (further * SCORE_SCALE) - judge)
        v_further = _covariance(further, total, total, squares)
        variance = (v_human - 2 * weight * both + weight**2 * v_judge) / n + weight**2 * v_further / further
    half = normal_quantile((1 + confidence) / 2) * sqrt(max(variance, 0.0))
    return Corrected(
        difference=difference,
        low=difference - half,
        high=difference + half,
        variance=variance,
        weight=weight,
        n_labels=n,
        n_judged=further,
        human_only=human,
        judge_only=every[1] / (every[0] * SCORE_SCALE),
        few=n < FEW_LABELS,
    )


def cohen_kappa(table: Sequence[Sequence[int]], confidence: float = 0.95, *, each: int = 1) -> Agreement:
    """Agreement of two raters beyond chance from the square table of their verdicts' counts.

    `each`: how often every item is in the table, as when it counts both ways; `n` and the limits are of items. Limits
    by the large-sample variance of Fleiss, Cohen, Everitt 1969, clipped to -1..1.
    """
    every = range(len(table))
    total = sum(map(sum, table))
    if not total:
        return Agreement(None, None, None, 0.0, 0)
    n, p = total // each, [[count / total for count in row] for row in table]
    rows, columns = [sum(row) for row in p], [sum(column) for column in zip(*p, strict=True)]
    observed, chance = sum(p[i][i] for i in every), sum(rows[i] * columns[i] for i in every)
    if chance >= 1:
        return Agreement(None, None, None, observed, n)
    kappa = (observed - chance) / (1 - chance)
    miss = 1 - kappa
    agreed = sum(p[i][i] * (1 - (rows[i] + columns[i]) * miss) ** 2 for i in every)
    differed = miss**2 * sum(p[i][j] * (columns[i] + rows[j]) ** 2 for i in every for j in every if i != j)
    variance = max(0.0, agreed + differed - (kappa - chance * miss) ** 2) / (n * (1 - chance) ** 2)
    half = normal_quantile((1 + confidence) / 2) * sqrt(variance)
    return Agreement(kappa, *Interval(max(-1.0, kappa - half), min(1.0, kappa + half)), observed, n)


def why_provisional(agreement: Agreement, min_labels: int, between_people: float | None = None) -> str | None:
    """Why a judge's ranking cannot be trusted yet, as one sentence; None when it can, and always for `min_labels` 0.

    `between_people`: their kappa with each other, of which the judge may fall a tenth short.
    """
    if not min_labels:
        return None
    if agreement.n < min_labels:
        return f"The judge was compared with people on {agreement.n:,} of the {min_labels:,} verdicts that it takes."
    floor = KAPPA_FLOOR if between_people is None else min(KAPPA_FLOOR, between_people - _BELOW_PEOPLE)
    if agreement.kappa is None or agreement.kappa < floor:
        kappa = "undefined" if agreement.kappa is None else f"{agreement.kappa:.2f}"
        return (
            f"The judge agrees too little with people: kappa is {kappa} on {agreement.n:,} verdicts, not {floor:.2f}."
        )
    return None


def _covariance(n: int, first_sum: int, second_sum: int, products: int) -> float:
    """Sample covariance in score units, exact up to the division."""
    return (n * products - first_sum * second_sum) / (n * (n - 1) * SCORE_SCALE**2) if n > 1 else 0.0


def _side(difference: int) -> int:
    return 1 if not difference else 0 if difference > 0 else 2
