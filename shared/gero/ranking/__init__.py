"""Ranking: from the integer sums of finished batches to ranks with ranges, and to a guarded promotion."""

from gero.ranking.agreement import (
    Agreement,
    Corrected,
    LabelSums,
    cohen_kappa,
    corrected_difference,
    judged_only,
    why_provisional,
)
from gero.ranking.bradley_terry import Strengths, fit
from gero.ranking.comparison import Comparison, compare, rank_ranges
from gero.ranking.interim import Contender, InterimStanding, interim_standing
from gero.ranking.judge_card import JudgeCard, judge_card
from gero.ranking.merge import CandidateSums, RankingStatistics
from gero.ranking.pairs import PairSums
from gero.ranking.promotion import Decision, decide, log_threshold
from gero.ranking.race import Dropped, RaceField, RaceState, run_race
from gero.ranking.standing import Standing, final_standing, latest_statistics, rank_round
from gero.ranking.table import Gap, Ranking, RankingEntry, build_ranking
from gero.ranking.trial import Evidence, Guardrails
from gero.ranking.vote_race import vote_race, vote_ranges
from gero.ranking.votes import VoteCounts, next_pair

__all__ = [
    "Agreement",
    "CandidateSums",
    "Comparison",
    "Contender",
    "Corrected",
    "Decision",
    "Dropped",
    "Evidence",
    "Gap",
    "Guardrails",
    "InterimStanding",
    "JudgeCard",
    "LabelSums",
    "PairSums",
    "RaceField",
    "RaceState",
    "Ranking",
    "RankingEntry",
    "RankingStatistics",
    "Standing",
    "Strengths",
    "VoteCounts",
    "build_ranking",
    "cohen_kappa",
    "compare",
    "corrected_difference",
    "decide",
    "final_standing",
    "fit",
    "interim_standing",
    "judge_card",
    "judged_only",
    "latest_statistics",
    "log_threshold",
    "next_pair",
    "rank_ranges",
    "rank_round",
    "run_race",
    "vote_race",
    "vote_ranges",
    "why_provisional",
]
