"""Where a run's candidates stand after a round: the statistics merged so far, stored round by round."""

from itertools import groupby
from typing import Any

import msgspec

from gero import runs
from gero.evaluation import EvaluationPlan
from gero.evaluation import plan as plans
from gero.kit import NotFound, blobs
from gero.ranking.merge import RankingStatistics
from gero.ranking.table import Ranking, build_ranking


class Standing(msgspec.Struct, frozen=True):
    """The ranking with what it was made of, and an example of an error for each candidate that had one."""

    ranking: Ranking
    statistics: RankingStatistics
    first_errors: dict[str, str]

    @property
    def answered(self) -> bool:
        """Whether any candidate gave any answer that could be scored."""
        return any(entry.n_scored > entry.n_errors for entry in self.ranking.entries)

    def document(self) -> dict[str, Any]:
        """What a run keeps of it."""
        document: dict[str, Any] = msgspec.to_builtins(self.ranking)
        return document | {"summary": self.ranking.summary(), "first_errors": self.first_errors}


class _Stored(msgspec.Struct):
    statistics: msgspec.Raw
    first_errors: dict[str, str]


def rank_round(plan: EvaluationPlan, number: int) -> Standing:
    """Add the results of round `number` to those of the rounds before it, store the sum, and rank. Repeatable."""
    statistics, first_errors = _load(plan, number - 1) if number > 1 else (RankingStatistics(), {})
    found = runs.rounds.batches(plan.workspace_id, plan.run_id, number)
    for _, batches in groupby(found, key=lambda pair: pair[0].block):
        block = list(batches)
        statistics.add_block(batch for batch, _ in block)
        for batch, error in block:
            if error and (batch.n_not_asked or batch.candidate_id not in first_errors):
                first_errors[batch.candidate_id] = error  # why an endpoint was given up says more than an early mishap
    stored = _Stored(msgspec.Raw(statistics.to_json()), first_errors)
    blobs.put(_key(plan, number), msgspec.json.encode(stored), "application/json")
    return _standing(plan, statistics, first_errors)


def final_standing(plan: EvaluationPlan) -> Standing:
    """The standing after the last round. NotFound when it was not ranked."""
    return _standing(plan, *_load(plan, plan.rounds))


def _standing(plan: EvaluationPlan, statistics: RankingStatistics, first_errors: dict[str, str]) -> Standing:
    names = {candidate.id: candidate.name for candidate in plan.candidates}
    return Standing(build_ranking(statistics, names), statistics, first_errors)


def _load(plan: EvaluationPlan, number: int) -> tuple[RankingStatistics, dict[str, str]]:
    stored = blobs.get(_key(plan, number))
    if stored is None:
        raise NotFound(f"round {number} of run {plan.run_id} has no statistics")
    document = msgspec.json.decode(stored, type=_Stored)
    return RankingStatistics.from_json(bytes(document.statistics)), document.first_errors


def _key(plan: EvaluationPlan, number: int) -> str:
    prefix = plans.run_prefix(plan.workspace_id, plan.leaderboard_id, plan.run_id)
    return f"{prefix}/statistics/{number:03}.json"
