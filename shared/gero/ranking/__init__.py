"""Ranking: from the integer sums of finished batches to ranks with ranges, and to a guarded promotion."""

from gero.ranking.comparison import Comparison, compare, rank_ranges
from gero.ranking.merge import CandidateSums, RankingStatistics
from gero.ranking.pairs import PairSums
from gero.ranking.promotion import Decision, decide
from gero.ranking.standing import Standing, final_standing, rank_round
from gero.ranking.table import Gap, Ranking, RankingEntry, build_ranking
from gero.ranking.trial import Evidence, Guardrails

__all__ = [
    "CandidateSums",
    "Comparison",
    "Decision",
    "Evidence",
    "Gap",
    "Guardrails",
    "PairSums",
    "Ranking",
    "RankingEntry",
    "RankingStatistics",
    "Standing",
    "build_ranking",
    "compare",
    "decide",
    "final_standing",
    "rank_ranges",
    "rank_round",
]
