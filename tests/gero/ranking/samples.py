"""Blocks of scores for the ranking tests: built, generated and simulated."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from gero.evaluation import SCORE_SCALE, BatchStatistics, pack_scores
from gero.ranking import CandidateSums, PairSums, RankingStatistics

Block = list[BatchStatistics]


def batch_of(
    candidate_id: str, scores: Sequence[int | None], block: int = 0, round: int = 1, **counts: Any
) -> BatchStatistics:
    return BatchStatistics(
        candidate_id=candidate_id, round=round, block=block, n_rows=len(scores), scores=pack_scores(scores), **counts
    )


def exact(*rows: int | None) -> list[int | None]:
    return [None if row is None else row * SCORE_SCALE for row in rows]


def statistics_of(scores: Mapping[str, Sequence[int | None]], **counts: Any) -> RankingStatistics:
    statistics = RankingStatistics()
    statistics.add_block([batch_of(key, rows, **counts) for key, rows in scores.items()])
    return statistics


def pair_of(first: Sequence[int | None], second: Sequence[int | None]) -> PairSums:
    return statistics_of({"a": first, "b": second}).pair("a", "b")


def discordant_pair(only_first: int, only_second: int, ties: int) -> PairSums:
    return pair_of(
        exact(*[1] * only_first, *[0] * only_second, *[1] * ties),
        exact(*[0] * only_first, *[1] * only_second, *[1] * ties),
    )


def statistics_of_sums(
    n: int, sums: NDArray[np.int64], products: NDArray[np.int64], scale: int = 1
) -> RankingStatistics:
    """Candidates "0", "1", ... from the column sums and X'X of `n` rows of integer scores in 0..scale."""
    unit = SCORE_SCALE // scale
    s = [int(value) * unit for value in sums]
    q = [[int(value) * unit * unit for value in row] for row in products]
    every = range(len(s))
    return RankingStatistics(
        candidates={str(i): CandidateSums(n_rows=n, n_scored=n, score_sum=s[i], score_squares=q[i][i]) for i in every},
        pairs={
            (str(i), str(j)): PairSums(n, s[i], s[j], q[i][i], q[j][j], q[i][j]) for i in every for j in every if i < j
        },
    )


def simulated_answers(
    random: np.random.Generator, n: int, qualities: Sequence[float], levels: int = 1
) -> NDArray[np.int64]:
    """(n, candidates) scores in 0..levels of mean quality * levels, correlated by the ease of a row."""
    ease = random.uniform(-0.15, 0.15, size=(n, 1))
    return random.binomial(levels, np.clip(np.asarray(qualities) + ease, 0, 1))


@st.composite
def blocks(draw: st.DrawFn) -> list[Block]:
    """Blocks 0.. of round 1 or 2 of some candidates: exact or graded scores, some rows unscored."""
    made: list[Block] = []
    for number in range(draw(st.integers(1, 6))):
        n_rows = draw(st.integers(1, 12))
        graded = draw(st.booleans())
        value = st.integers(0, SCORE_SCALE) if graded else st.sampled_from([0, SCORE_SCALE])
        rows = st.lists(st.none() | value, min_size=n_rows, max_size=n_rows)
        ids = draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=4, unique=True))
        made.append([draw(_batch(key, number, draw(rows))) for key in ids])
    return made


@st.composite
def _batch(draw: st.DrawFn, candidate_id: str, number: int, rows: list[int | None]) -> BatchStatistics:
    count = st.integers(0, 10**12)
    return BatchStatistics(
        candidate_id=candidate_id,
        round=1 + number % 2,
        block=number,
        n_rows=len(rows),
        scores=pack_scores(rows),
        n_errors=draw(st.integers(0, len(rows))),
        cost_nanos=draw(count),
        cost_nanos_squared=draw(count) ** 2,
        tokens_in=draw(count),
        tokens_out=draw(count),
        latency=draw(st.dictionaries(st.integers(-50, 400), st.integers(1, 50), max_size=5)),
    )
