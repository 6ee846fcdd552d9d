"""Simulated races: answers of models to rows of unequal ease, revealed round by round to those still in the race."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from gero.evaluation import SCORE_SCALE
from gero.ranking import CandidateSums, PairSums, RaceField, RaceState, RankingStatistics, run_race

EASE_SPREAD = 2.5
_QUANTILES = np.linspace(-4, 4, 801)
_WEIGHTS = np.exp(-(_QUANTILES**2) / 2) / np.exp(-(_QUANTILES**2) / 2).sum()


class Outcome(NamedTuple):
    state: RaceState
    calls: int
    statistics: RankingStatistics


@cache
def ability(quality: float) -> float:
    """The logit that gives a mean of `quality` over rows."""
    return float(brentq(lambda a: expit(a - EASE_SPREAD * _QUANTILES) @ _WEIGHTS - quality, -15, 15))


def answers(random: np.random.Generator, rows: int, qualities: Sequence[float], levels: int = 1) -> NDArray[np.int64]:
    """(rows, models) scores in 0..levels, of exact or graded answers; about as correlated as real ones."""
    ease = EASE_SPREAD * random.standard_normal((rows, 1))
    chances = expit(np.array([ability(quality) for quality in qualities]) - ease)
    return np.asarray(random.binomial(levels, chances), dtype=np.int64)


def growing_rounds(rows: int, first: int = 50, growth: float = 1.25) -> list[int]:
    sizes = []
    while rows > 0:
        sizes.append(min(rows, int(first)))
        rows, first = rows - sizes[-1], first * growth  # type: ignore[assignment]
    return sizes


class Revealed:
    """Sums over the rows that both of a pair were asked."""

    def __init__(self, models: int, levels: int) -> None:
        self._n = np.zeros((models, models), dtype=np.int64)
        self._sums, self._squares, self._products = self._n.copy(), self._n.copy(), self._n.copy()
        self._unit = SCORE_SCALE // levels

    def add(self, scores: NDArray[np.int64], active: NDArray[np.bool_]) -> None:
        both = np.outer(active, active)
        self._n += both * len(scores)
        self._sums += both * scores.sum(axis=0)[:, None]
        self._squares += both * (scores**2).sum(axis=0)[:, None]
        self._products += both * (scores.T @ scores)

    def statistics(self) -> RankingStatistics:
        n = self._n.tolist()
        sums = (self._sums * self._unit).tolist()
        squares, products = ((matrix * self._unit**2).tolist() for matrix in (self._squares, self._products))
        every = range(len(n))
        return RankingStatistics(
            candidates={
                str(i): CandidateSums(n[i][i], n_scored=n[i][i], score_sum=sums[i][i], score_squares=squares[i][i])
                for i in every
            },
            pairs={
                (str(i), str(j)): PairSums(
                    n[i][j], sums[i][j], sums[j][i], squares[i][j], squares[j][i], products[i][j]
                )
                for i in every
                for j in every
                if i < j
            },
        )


def states(field: RaceField, scores: NDArray[np.int64], rounds: Sequence[int], levels: int = 1) -> Iterator[Outcome]:
    """The race after each of its rounds until it ends; the racers are "0", "1", …"""
    revealed, state, start, calls = Revealed(scores.shape[1], levels), None, 0, 0
    for number, size in enumerate(rounds, start=1):
        active = np.array([state is None or str(i) in state.active for i in range(scores.shape[1])])
        revealed.add(scores[start : start + size], active)
        start, calls = start + size, calls + size * int(active.sum())
        statistics = revealed.statistics()
        state = run_race(field, statistics, state, round_number=number, last=number == len(rounds))
        yield Outcome(state, calls, statistics)
        if state.end:
            return


def field_of(models: int, rows: int, **settings: object) -> RaceField:
    return RaceField(tuple(map(str, range(models))), rows, **settings)  # type: ignore[arg-type]
