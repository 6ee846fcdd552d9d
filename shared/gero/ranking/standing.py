"""Where a run's candidates stand after a round: the statistics merged so far, stored round by round."""

from itertools import groupby
from typing import Any

import msgspec

from gero import runs
from gero.evaluation import EvaluationPlan, Race
from gero.evaluation import plan as plans
from gero.kit import NotFound, blobs
from gero.ranking.accumulated import PairEvidence, accumulate
from gero.ranking.merge import CandidateSums, RankingStatistics
from gero.ranking.race import RaceField, RaceState, run_race
from gero.ranking.table import Ranking, build_ranking


class Standing(msgspec.Struct, frozen=True):
    """The ranking with what it was made of, and an example of an error for each candidate that had one.

    `evidence`: what all runs together know of each pair, when the run is over. `notes`: what else the run keeps.
    """

    plan: EvaluationPlan
    ranking: Ranking
    statistics: RankingStatistics
    first_errors: dict[str, str]
    race: RaceState | None = None
    evidence: PairEvidence | None = None
    notes: dict[str, Any] = {}

    @property
    def answered(self) -> bool:
        """Whether any candidate gave any answer."""
        return any(sums.latency for sums in self.statistics.candidates.values())

    @property
    def racers(self) -> list[str]:
        """Whom the next round asks."""
        if not self.race:
            return [candidate.id for candidate in self.plan.candidates]
        judge = self.plan.evaluation.judge
        # Others are compared with its answers, or the lack of them, even when it was given up.
        reference = [judge.reference_id] if judge and judge.reference_id else []
        return list(dict.fromkeys([*reference, *self.race.active]))

    def finished(self, number: int) -> bool:
        """Whether round `number` was the last one."""
        return number >= self.plan.rounds or bool(self.race and self.race.end)

    def cells(self, number: int) -> int:
        """How many rows all candidates are asked in all, as things stand after round `number`."""
        ahead = range(number + 1, self.plan.rounds + 1) if not self.finished(number) else range(0)
        rows = sum(self.plan.block_rows[block] for one in ahead for block in self.plan.blocks_of_round(one))
        return self._asked + rows * len(self.racers)

    def document(self) -> dict[str, Any]:
        """What a run keeps of it. `outline`: what a list of runs tells, in the same words."""
        document: dict[str, Any] = msgspec.to_builtins(self.ranking)
        total = sum(self.statistics.candidates.values(), CandidateSums())
        sums = {"paid_nanos": total.paid_nanos, "judge_nanos": total.judge_nanos, "n_reused": total.n_reused}
        race = {"race": self._race_document()} if self.race else {}
        told = {"summary": self.ranking.summary(), **sums}
        outline = {"outline": self._outline() | told | {name: _short(one) for name, one in race.items()}}
        return document | told | {"first_errors": self.first_errors} | race | self.notes | outline

    def _outline(self) -> dict[str, Any]:
        entries, leader = self.ranking.entries, self.ranking.leader
        return {
            "n_models": len(entries),
            "n_rows": max((entry.n_rows for entry in entries), default=0),
            "leader": leader.name if leader else None,
            "provisional": self.notes.get("provisional"),
        }

    @property
    def _asked(self) -> int:
        return sum(sums.n_rows for sums in self.statistics.candidates.values())

    @property
    def _given_up(self) -> int:
        """Rows that were left of candidates whose endpoints were given up: nothing that the race saved."""
        lost = [key for key, mark in self.race.dropped.items() if mark.log_e is None] if self.race else []
        return sum(self.plan.rows - self.statistics.candidates.get(key, CandidateSums()).n_rows for key in lost)

    def _race_document(self) -> dict[str, Any]:
        planned = self.plan.rows * len(self.plan.candidates)
        document: dict[str, Any] = msgspec.to_builtins(self.race)
        return document | {
            "rounds": document.get("round", 0),
            "calls_planned": planned,
            "calls_saved": planned - self._asked - self._given_up if self.race and self.race.end else 0,
        }


def _short(race: dict[str, Any]) -> dict[str, Any]:
    """A race without whom it dropped."""
    return {name: value for name, value in race.items() if name != "dropped"}


class _Stored(msgspec.Struct):
    statistics: msgspec.Raw
    first_errors: dict[str, str]
    race: RaceState | None = None


def rank_round(plan: EvaluationPlan, number: int) -> Standing:
    """Add the results of round `number` to those of the rounds before it, store the sum, and rank. Repeatable."""
    statistics, before = _load(plan, number - 1) if number > 1 else (RankingStatistics(), _Stored(msgspec.Raw(), {}))
    first_errors = before.first_errors
    found = runs.rounds.batches(plan.workspace_id, plan.run_id, number)
    for _, batches in groupby(found, key=lambda pair: pair[0].block):
        block = list(batches)
        statistics.add_block(batch for batch, _ in block)
        for batch, error in block:
            if error and (batch.n_not_asked or batch.candidate_id not in first_errors):
                first_errors[batch.candidate_id] = error  # why an endpoint was given up says more than an early mishap
    race = _raced(plan, plan.race, statistics, before.race, number) if plan.race else None
    stored = _Stored(msgspec.Raw(statistics.to_json()), first_errors, race)
    blobs.put(_key(plan, number), msgspec.json.encode(stored), "application/json")
    return _standing(plan, statistics, stored)


def final_standing(plan: EvaluationPlan, number: int) -> Standing:
    """The standing after the last round, `number`, with the evidence of all runs. NotFound when it was not ranked."""
    standing = _standing(plan, *_load(plan, number))
    return msgspec.structs.replace(standing, evidence=accumulate(plan, standing.statistics))


def latest_statistics(plan: EvaluationPlan) -> RankingStatistics:
    """The sums of a run after the last round that was ranked; empty when none was."""
    stored = list(blobs.keys(_prefix(plan)))
    return _load(plan, len(stored))[0] if stored else RankingStatistics()


def _raced(
    plan: EvaluationPlan, rules: Race, statistics: RankingStatistics, known: RaceState | None, number: int
) -> RaceState:
    judge = plan.evaluation.judge
    ids = tuple(candidate.id for candidate in plan.candidates)
    protected = judge.reference_id if judge and judge.reference_id else plan.champion_id
    field = RaceField(
        racers=ids,
        rows=plan.rows,
        rules=rules,
        protected=protected if protected in ids else None,
        graded=plan.evaluation.type != "exact",
        promotion_log_e=rules.promotion_log_e,
    )
    unable = [key for key, sums in statistics.candidates.items() if sums.n_not_asked]
    return run_race(field, statistics, known, round_number=number, last=number >= plan.rounds, unable=unable)


def _standing(plan: EvaluationPlan, statistics: RankingStatistics, stored: _Stored) -> Standing:
    names = {candidate.id: candidate.name for candidate in plan.candidates}
    raced = plan.rows if plan.race else None
    ranking = build_ranking(statistics, names, race_rows=raced, target=plan.target, total_rows=plan.rows)
    return Standing(plan, ranking, statistics, stored.first_errors, stored.race)


def _load(plan: EvaluationPlan, number: int) -> tuple[RankingStatistics, _Stored]:
    stored = blobs.get(_key(plan, number))
    if stored is None:
        raise NotFound(f"round {number} of run {plan.run_id} has no statistics")
    document = msgspec.json.decode(stored, type=_Stored)
    return RankingStatistics.from_json(bytes(document.statistics)), document


def _key(plan: EvaluationPlan, number: int) -> str:
    return f"{_prefix(plan)}{number:03}.json"


def _prefix(plan: EvaluationPlan) -> str:
    return f"{plans.run_prefix(plan.workspace_id, plan.leaderboard_id, plan.run_id)}/statistics/"
