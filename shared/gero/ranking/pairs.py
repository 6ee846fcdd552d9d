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

    def __sub__(self, part: "PairSums") -> "PairSums":
        return PairSums(
            self.n - part.n,
            self.first_sum - part.first_sum,
            self.second_sum - part.second_sum,
            self.first_squares - part.first_squares,
            self.second_squares - part.second_squares,
            self.products - part.products,
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
        self.seen, self.all_rows = int(batch.seen, 16), (1 << batch.n_rows) - 1
        self.n, self._n_correct = self._scored.bit_count(), self._correct.bit_count()
        self.score_sum, self.score_squares = self._n_correct * SCORE_SCALE, self._n_correct * SCORE_SCALE**2

    def paired_with(self, other: "BlockMasks") -> PairSums:
        """Sums over the rows both scored."""
        if self._complete and other._complete:
            both = (self._correct & other._correct).bit_count()
            return _of_counts(self.n, self._n_correct, other._n_correct, both)
        return self.paired_within(other, self._scored & other._scored)

    def paired_within(self, other: "BlockMasks", rows: int) -> PairSums:
        """Sums over those of `rows` (a mask) that both scored."""
        rows &= self._scored & other._scored
        first, second = self._correct & rows, other._correct & rows
        return _of_counts(rows.bit_count(), first.bit_count(), second.bit_count(), (first & second).bit_count())


def _of_counts(n: int, first: int, second: int, both: int) -> PairSums:
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
        self.seen, self.all_rows = int(batch.seen, 16), (1 << batch.n_rows) - 1
        self.n, self.score_sum, self.score_squares = sum(self._scored), sum(self._values), sum(self._squares)

    def paired_with(self, other: "BlockValues") -> PairSums:
        """Sums over the rows both scored."""
        if self._complete and other._complete:
            products = sum(map(mul, self._values, other._values))
            return PairSums(self.n, self.score_sum, other.score_sum, self.score_squares, other.score_squares, products)
        return self.paired_within(other, self.all_rows)

    def paired_within(self, other: "BlockValues", rows: int) -> PairSums:
        """Sums over those of `rows` (a mask) that both scored."""
        pairs = zip(self._scored, other._scored, strict=True)
        wanted = [mine and theirs and rows >> row & 1 for row, (mine, theirs) in enumerate(pairs)]
        first, second = list(compress(self._values, wanted)), list(compress(other._values, wanted))
        return PairSums(
            len(first),
            sum(first),
            sum(second),
            sum(compress(self._squares, wanted)),
            sum(compress(other._squares, wanted)),
            sum(map(mul, first, second)),
        )


BlockScores = BlockMasks | BlockValues
_SameKind = TypeVar("_SameKind", BlockMasks, BlockValues)
Pairs = dict[tuple[str, str], PairSums]


def block_pairs(batches: Iterable[BatchStatistics]) -> tuple[dict[str, BlockScores], Pairs, Pairs]:
    """Of the batches of one block: scores per candidate, paired sums per (smaller id, larger id), and those of them
    over rows that both candidates had been scored on in an earlier run.
    """
    ordered = sorted(batches, key=lambda batch: batch.candidate_id)
    masks = {b.candidate_id: BlockMasks(b, b.scores) for b in ordered if isinstance(b.scores, RowMasks)}
    if len(masks) == len(ordered):
        return dict(masks), *_each_pair(masks)
    values = {batch.candidate_id: BlockValues(batch) for batch in ordered}
    return dict(values), *_each_pair(values)


def _each_pair(scores: dict[str, _SameKind]) -> tuple[Pairs, Pairs]:
    pairs = list(combinations(scores, 2))
    every = {(a, b): scores[a].paired_with(scores[b]) for a, b in pairs}
    seen = {}
    for a, b in pairs:
        both = scores[a].seen & scores[b].seen
        if both == scores[a].all_rows:
            seen[a, b] = every[a, b]
        elif both:
            seen[a, b] = scores[a].paired_within(scores[b], both)
    return every, seen
