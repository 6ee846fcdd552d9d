"""The race that votes of people decide, and the ranks that they allow."""

from collections.abc import Collection, Sequence
from math import exp, log
from typing import Final

from gero.evaluation import Race
from gero.ranking.bradley_terry import Strengths, fit, log_e_difference
from gero.ranking.comparison import certain_orders_at_any_time, ranges_of
from gero.ranking.evidence import log_e_uniform, log_mean_exp
from gero.ranking.race import RaceField, RaceState, advance
from gero.ranking.votes import VoteCounts

# The normal approximation of few votes is too sure of itself: 2 of 100 simulated races went wrong without these.
FIRST_LOOK_VOTES: Final = 50
FIRST_LOOK_VOTES_EACH: Final = 5
# Of ten parts of the bets, one is on the two's own votes: exact, where strengths saturate because one never loses.
_PARTS: Final = 10
# A certified tie takes thousands of votes, and its share of alpha would make every other decision dearer.
VOTE_RULES: Final = Race(tie_within=0.0)


class VoteDuels:
    """Duels on the votes so far; a margin is a win probability above a half."""

    def __init__(self, counts: VoteCounts, candidate_ids: Sequence[str], strengths: Strengths | None = None) -> None:
        self._counts = counts
        self._strengths = strengths or fit(counts, candidate_ids)
        self._theta = dict(zip(self._strengths.candidate_ids, self._strengths.theta, strict=True))

    def log_e(self, first: str, second: str, margin: float = 0.0) -> float:
        """ln E that the first is preferred to the second with a probability above 1/2 + margin."""
        difference, variance = self._strengths.difference(first, second)
        if margin:
            return log_e_difference(difference - log((0.5 + margin) / (0.5 - margin)), variance)
        by_strength = log_e_difference(difference, variance)
        by_own_votes = log_e_uniform(self._counts.won(first, second), self._counts.won(second, first))
        return log_mean_exp([by_strength] * (_PARTS - 1) + [by_own_votes], _PARTS)

    def strength(self, racer: str) -> float:
        """Its fitted strength."""
        return self._theta[racer]

    def difference(self, first: str, second: str) -> float:
        """The fitted probability that the first is preferred, less a half."""
        return 1 / (1 + exp(self._theta[second] - self._theta[first])) - 0.5

    def asked(self, racer: str) -> int:
        """The votes that it took part in."""
        return self._counts.votes_of(racer)


def vote_race(
    counts: VoteCounts,
    racers: Sequence[str],
    known: RaceState | None = None,
    *,
    rules: Race = VOTE_RULES,
    last: bool = False,
    unable: Collection[str] = (),
) -> RaceState:
    """The race after these votes; `racers` is the starting field, `last` says that no more votes will come.

    May be called after every vote. `round` of its state is the number of votes, `rows` of a dropped one are its own.
    """
    field = RaceField(racers=tuple(racers), rows=0, rules=rules)
    active = known.active if known else field.racers
    enough = counts.total >= FIRST_LOOK_VOTES and all(counts.votes_of(one) >= FIRST_LOOK_VOTES_EACH for one in active)
    duels = VoteDuels(counts, field.racers) if enough else _TooFew(counts)
    return advance(field, duels, known, round_number=counts.total, last=last, unable=unable)


def vote_ranges(
    counts: VoteCounts, candidate_ids: Sequence[str], strengths: Strengths | None = None, alpha: float = 0.05
) -> dict[str, tuple[int, int]]:
    """Candidate -> (lowest, highest) rank, all together with probability 1 - alpha however the voting was stopped."""
    if counts.total < FIRST_LOOK_VOTES:
        return ranges_of(candidate_ids, set())
    duels = VoteDuels(counts, candidate_ids, strengths)
    return ranges_of(candidate_ids, certain_orders_at_any_time(duels.log_e, candidate_ids, alpha))


class _TooFew:
    """No evidence yet, whoever leads."""

    def __init__(self, counts: VoteCounts) -> None:
        self._counts = counts

    def log_e(self, first: str, second: str, margin: float = 0.0) -> float:
        """None."""
        return 0.0

    def strength(self, racer: str) -> float:
        """Its wins less its losses."""
        won = sum(self._counts.wins.get(racer, {}).values())
        lost = sum(row.get(racer, 0) for row in self._counts.wins.values())
        return float(won - lost)

    def difference(self, first: str, second: str) -> float:
        """None that counts."""
        return 0.0

    def asked(self, racer: str) -> int:
        """The votes that it took part in."""
        return self._counts.votes_of(racer)
