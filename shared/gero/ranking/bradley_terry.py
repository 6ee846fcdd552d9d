"""Strengths of candidates from votes on pairs (Bradley, Terry 1952).

A tie is half a win for each. The covariance is the sandwich H^-1 B H^-1, for with ties the inverse Hessian is wrong.
"""

from collections.abc import Sequence
from itertools import combinations
from math import exp, log, log1p, sqrt
from typing import Final, NamedTuple

from gero.ranking.distributions import log_normal_cdf, normal_quantile
from gero.ranking.intervals import Interval
from gero.ranking.linear import Matrix, inverse, multiplied, times
from gero.ranking.votes import VoteCounts

_RIDGE: Final = 0.1
_PRIOR_VARIANCE: Final = 0.25
_POINTS: Final = 400 / log(10)
_STEPS: Final = 100


class Strengths(NamedTuple):
    """Fitted strengths; `theta` sums to 0, `covariance` is of the same order."""

    candidate_ids: tuple[str, ...]
    theta: tuple[float, ...]
    covariance: Matrix
    separated: bool
    """Whether some never lose, or never meet, some others: only a ridge keeps their strengths finite."""

    def rating(self, candidate_id: str) -> float:
        """Elo-like: 1000 is the mean of the field, 400 points are odds of 10 to 1."""
        return 1000 + _POINTS * self.theta[self.candidate_ids.index(candidate_id)]

    def rating_interval(self, candidate_id: str, confidence: float = 0.95) -> Interval:
        """Limits of the rating."""
        index = self.candidate_ids.index(candidate_id)
        half = normal_quantile((1 + confidence) / 2) * sqrt(max(self.covariance[index][index], 0.0)) * _POINTS
        rating = self.rating(candidate_id)
        return Interval(rating - half, rating + half)

    def difference(self, first: str, second: str) -> tuple[float, float]:
        """theta of the first - theta of the second, and its variance."""
        i, j = self.candidate_ids.index(first), self.candidate_ids.index(second)
        c = self.covariance
        return self.theta[i] - self.theta[j], max(c[i][i] + c[j][j] - 2 * c[i][j], 0.0)


def log_e_difference(difference: float, variance: float) -> float:
    """ln E against "the difference of two strengths is at most 0", asymptotic: a half-normal mixture."""
    if variance <= 0:
        return 0.0
    scale = 1 + _PRIOR_VARIANCE / variance
    score = difference / variance
    quadratic = score**2 * _PRIOR_VARIANCE / (2 * scale)
    return log(2) - log(scale) / 2 + quadratic + log_normal_cdf(score * sqrt(_PRIOR_VARIANCE / scale))


def fit(counts: VoteCounts, candidate_ids: Sequence[str] | None = None) -> Strengths:
    """Maximum-likelihood strengths of the candidates, or of all that have votes, by Newton's method.

    Where no finite maximum exists (see `separated`) a ridge of 0.1 keeps it finite, and the covariance is that of the
    model: the sandwich of verdicts that never surprise would be nearly zero.
    """
    ids = tuple(candidate_ids if candidate_ids is not None else counts.candidates)
    votes = _Votes(counts, ids)
    ridge = 0.0 if votes.strongly_connected() else _RIDGE
    theta = _newton(votes, ridge)
    bread = inverse(votes.hessian(theta, ridge))
    level = 1 / (len(ids) * (1 + ridge)) if ids else 0.0
    bread = [[value - level for value in row] for row in bread]
    if ridge:
        return Strengths(ids, tuple(theta), bread, True)
    return Strengths(ids, tuple(theta), multiplied(multiplied(bread, votes.score_squares(theta)), bread), False)


def _newton(votes: "_Votes", ridge: float) -> list[float]:
    theta = [0.0] * votes.size
    value = votes.log_likelihood(theta, ridge)
    for _ in range(_STEPS):
        step = times(inverse(votes.hessian(theta, ridge)), votes.gradient(theta, ridge))
        while True:
            moved = [t + s for t, s in zip(theta, step, strict=True)]
            reached = votes.log_likelihood(moved, ridge)
            # A full step may overshoot where votes are few and one-sided; rounding at the top is no overshoot.
            if reached >= value - 1e-9 * abs(value) or max(map(abs, step)) < 1e-9:
                break
            step = [s / 2 for s in step]
        theta, value = moved, reached
        if max(map(abs, step), default=0.0) < 1e-12:
            break
    level = sum(theta) / max(votes.size, 1)
    return [t - level for t in theta]


class _Pair(NamedTuple):
    i: int
    j: int
    wins: int
    losses: int
    ties: int


class _Votes:
    """The likelihood of strengths given the votes, with its derivatives.

    The level of all strengths is free; a term that holds their mean makes the Hessian invertible and changes no
    difference.
    """

    def __init__(self, counts: VoteCounts, ids: Sequence[str]) -> None:
        self.size = len(ids)
        pairs = (
            _Pair(i, j, counts.won(a, b), counts.won(b, a), counts.tied(a, b))
            for (i, a), (j, b) in combinations(enumerate(ids), 2)
        )
        self.pairs = [pair for pair in pairs if pair.wins + pair.losses + pair.ties]

    def strongly_connected(self) -> bool:
        """Whether every candidate beat or tied every other along some chain, so that a finite maximum exists."""
        ahead: list[set[int]] = [set() for _ in range(self.size)]
        behind: list[set[int]] = [set() for _ in range(self.size)]
        for i, j, wins, losses, ties in self.pairs:
            for better, worse, votes in ((i, j, wins + ties), (j, i, losses + ties)):
                if votes:
                    ahead[better].add(worse)
                    behind[worse].add(better)
        return all(_reached(edges) == self.size for edges in (ahead, behind))

    def log_likelihood(self, theta: Sequence[float], ridge: float) -> float:
        """Of the strengths, less the ridge's penalty."""
        total = -ridge / 2 * sum(t * t for t in theta)
        for i, j, wins, losses, ties in self.pairs:
            d = theta[i] - theta[j]
            both = log1p(exp(-abs(d)))
            total -= (wins + ties / 2) * (both + max(-d, 0.0)) + (losses + ties / 2) * (both + max(d, 0.0))
        return total

    def gradient(self, theta: Sequence[float], ridge: float) -> list[float]:
        """Of `log_likelihood`."""
        gradient = [-ridge * t for t in theta]
        for i, j, wins, losses, ties in self.pairs:
            surplus = wins + ties / 2 - (wins + losses + ties) * _logistic(theta[i] - theta[j])
            gradient[i] += surplus
            gradient[j] -= surplus
        return gradient

    def hessian(self, theta: Sequence[float], ridge: float) -> Matrix:
        """Minus the second derivatives, with the term that holds the level."""
        hessian = self._laplacian(
            [(wins + losses + ties) * p * (1 - p) for p, (_, _, wins, losses, ties) in self._odds(theta)]
        )
        for i, row in enumerate(hessian):
            row[i] += ridge
        return [[value + 1 / self.size for value in row] for row in hessian]

    def score_squares(self, theta: Sequence[float]) -> Matrix:
        """Sum over votes of the outer products of their scores: the filling of the sandwich."""
        return self._laplacian(
            [
                wins * (1 - p) ** 2 + losses * p**2 + ties * (0.5 - p) ** 2
                for p, (_, _, wins, losses, ties) in self._odds(theta)
            ]
        )

    def _odds(self, theta: Sequence[float]) -> list[tuple[float, _Pair]]:
        return [(_logistic(theta[pair.i] - theta[pair.j]), pair) for pair in self.pairs]

    def _laplacian(self, weights: Sequence[float]) -> Matrix:
        matrix = [[0.0] * self.size for _ in range(self.size)]
        for (i, j, *_), weight in zip(self.pairs, weights, strict=True):
            matrix[i][i] += weight
            matrix[j][j] += weight
            matrix[i][j] -= weight
            matrix[j][i] -= weight
        return matrix


def _reached(edges: Sequence[set[int]]) -> int:
    """How many can be reached from the first, itself among them."""
    seen, open_ends = set(range(min(1, len(edges)))), list(range(min(1, len(edges))))
    while open_ends:
        new = edges[open_ends.pop()] - seen
        seen |= new
        open_ends.extend(new)
    return len(seen)


def _logistic(x: float) -> float:
    return 1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))
