"""Paired sums of two candidates over the rows both scored: all that a fair comparison of them needs."""

from collections.abc import Iterable
from itertools import combinations, compress
from operator import mul
from typing import NamedTuple, TypeVar

import msgspec

from gero.evaluation import SCORE_SCALE, BatchStatistics, RowMasks


class Discordance(NamedTuple):
    """Rows that only one of two candidates got right, of exact-match scores."""

    only_first: int
    only_second: int


class PairSums(msgspec.Struct, frozen=True, array_like=True):
    """Integer sums of the scaled scores x (first candidate) and y (second) over their common rows."""

    n: int = 0
    first_sum: int = 0
    second_sum: int = 0
    first_squares: int = 0
    second_squares: int = 0
    products: int = 0

    def __add__(self, other: "PairSums") -> "PairSums":
        return PairSums(
            self.n + other.n,
            self.first_sum + other.first_sum,
            self.second_sum + other.second_sum,
            self.first_squares + other.first_squares,
            self.second_squares + other.second_squares,
            self.products + other.products,
        )

    def flipped(self) -> "PairSums":
        """The same pair with the second candidate first."""
        return PairSums(self.n, self.second_sum, self.first_sum, self.second_squares, self.first_squares, self.products)

    @property
    def difference_sum(self) -> int:
        """Sum of x - y, in 1 / SCORE_SCALE."""
        return self.first_sum - self.second_sum

    @property
    def difference_squares(self) -> int:
        """Sum of (x - y)^2, in 1 / SCORE_SCALE^2."""
        return self.first_squares + self.second_squares - 2 * self.products

    @property
    def difference(self) -> float:
        """Mean of x - y in score units (-1..1); 0 without common rows."""
        return self.difference_sum / (self.n * SCORE_SCALE) if self.n else 0.0

    @property
    def deviation_squares(self) -> float:
        """Sum of squared deviations of x - y from its mean, in score units; exact up to the last division."""
        if not self.n:
            return 0.0
        return (self.n * self.difference_squares - self.difference_sum**2) / (self.n * SCORE_SCALE**2)

    @property
    def discordance(self) -> Discordance | None:
        """Counts for exact-match scores; None if any score lies strictly between 0 and 1."""
        # x^2 <= SCALE * x on 0..SCALE with equality only at the two ends, so the sums alone tell.
        if (self.first_squares, self.second_squares) != (self.first_sum * SCORE_SCALE, self.second_sum * SCORE_SCALE):
            return None
        both = self.products // SCORE_SCALE
        return Discordance((self.first_sum - both) // SCORE_SCALE, (self.second_sum - both) // SCORE_SCALE)


class BlockMasks:
    """Exact-match scores of one candidate on one block."""

    def __init__(self, batch: BatchStatistics, masks: RowMasks) -> None:
        self._scored, self._correct = int(masks.scored, 16), int(masks.correct, 16)
        self._complete = self._scored.bit_count() == batch.n_rows
        self.n, self._n_correct = self._scored.bit_count(), self._correct.bit_count()
        self.score_sum, self.score_squares = self._n_correct * SCORE_SCALE, self._n_correct * SCORE_SCALE**2

    def paired_with(self, other: "BlockMasks") -> PairSums:
        """Sums over the rows both scored."""
        first, second = self._n_correct, other._n_correct
        n = self.n
        if not (self._complete and other._complete):
            n = (self._scored & other._scored).bit_count()
            first = (self._correct & other._scored).bit_count()
            second = (other._correct & self._scored).bit_count()
        both = (self._correct & other._correct).bit_count()
        square = SCORE_SCALE * SCORE_SCALE
        return PairSums(n, first * SCORE_SCALE, second * SCORE_SCALE, first * square, second * square, both * square)


class BlockValues:
    """Graded scores of one candidate on one block; an unscored row is a zero that `_scored` leaves out."""

    def __init__(self, batch: BatchStatistics) -> None:
        rows = batch.row_scores()
        self._scored = [row is not None for row in rows]
        self._values = [row or 0 for row in rows]
        self._squares = list(map(mul, self._values, self._values))
        self._complete = all(self._scored)
        self.n, self.score_sum, self.score_squares = sum(self._scored), sum(self._values), sum(self._squares)

    def paired_with(self, other: "BlockValues") -> PairSums:
        """Sums over the rows both scored."""
        products = sum(map(mul, self._values, other._values))
        if self._complete and other._complete:
            return PairSums(self.n, self.score_sum, other.score_sum, self.score_squares, other.score_squares, products)
        return PairSums(
            sum(map(mul, self._scored, other._scored)),
            sum(compress(self._values, other._scored)),
            sum(compress(other._values, self._scored)),
            sum(compress(self._squares, other._scored)),
            sum(compress(other._squares, self._scored)),
            products,
        )


BlockScores = BlockMasks | BlockValues
_SameKind = TypeVar("_SameKind", BlockMasks, BlockValues)


def block_pairs(batches: Iterable[BatchStatistics]) -> tuple[dict[str, BlockScores], dict[tuple[str, str], PairSums]]:
    """Scores per candidate and paired sums per (smaller id, larger id) of the batches of one block."""
    ordered = sorted(batches, key=lambda batch: batch.candidate_id)
    masks = {b.candidate_id: BlockMasks(b, b.scores) for b in ordered if isinstance(b.scores, RowMasks)}
    if len(masks) == len(ordered):
        return dict(masks), _each_pair(masks)
    values = {batch.candidate_id: BlockValues(batch) for batch in ordered}
    return dict(values), _each_pair(values)


def _each_pair(scores: dict[str, _SameKind]) -> dict[tuple[str, str], PairSums]:
    return {(a, b): scores[a].paired_with(scores[b]) for a, b in combinations(scores, 2)}
