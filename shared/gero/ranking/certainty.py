"""What a ranking may claim: which rows it speaks for, and whether sampling was stopped because of what it showed."""

from collections.abc import Sequence
from math import inf
from typing import NamedTuple

from gero.evaluation import SCORE_SCALE
from gero.ranking.comparison import certain_orders, certain_orders_at_any_time, rows_to_separate
from gero.ranking.evidence import log_e_value, race_stakes
from gero.ranking.intervals import Interval, anytime_interval, score_interval, within_population
from gero.ranking.merge import CandidateSums, RankingStatistics
from gero.ranking.pairs import PairSums


class Certainty(NamedTuple):
    """`race_rows`: planned rows of a race, after which only anytime-valid claims hold. `population`: the ranking is
    about that many rows alone; None: they are a sample of what production will see.
    """

    confidence: float = 0.95
    race_rows: int | None = None
    population: int | None = None

    @property
    def alpha(self) -> float:
        """The probability of any false claim."""
        return 1 - self.confidence

    def interval(self, sums: CandidateSums) -> Interval:
        """Limits of the mean of a candidate that has scored rows."""
        n, total, squares = sums.n_scored, sums.score_sum, sums.score_squares
        if self.race_rows is None:
            interval = score_interval(n, total, squares, self.confidence)
        else:
            interval = anytime_interval(n, total, squares, self.race_rows, self.confidence)
        if self.population is None:
            return interval
        return within_population(interval, total / (n * SCORE_SCALE), n, self.population)

    def orders(self, statistics: RankingStatistics, candidate_ids: Sequence[str]) -> set[tuple[str, str]]:
        """The (better, worse) pairs that are certain, all together."""
        if self.race_rows is None:
            return certain_orders(statistics, candidate_ids, self.alpha, self.population)
        stakes = race_stakes(len(candidate_ids), self.race_rows, self.alpha)
        # One kind of evidence for all pairs: graded scores may by chance have been right or wrong alone in one of them.
        graded = any(pair.discordance is None for pair in statistics.pairs.values())

        def log_e(first: str, second: str) -> float:
            pair = statistics.pair(first, second)
            if self.population is not None and pair.n >= self.population:
                return inf if pair.difference_sum > 0 else -inf
            return log_e_value(pair, stakes=stakes, graded=graded)

        return certain_orders_at_any_time(log_e, candidate_ids, self.alpha)

    def rows_needed(self, pair: PairSums, opponents: int) -> int | None:
        """`rows_to_separate`, at most the rows that are left of the population."""
        needed = rows_to_separate(pair, opponents, self.alpha)
        if needed is None or self.population is None:
            return needed
        return min(needed, self.population - pair.n) or None
