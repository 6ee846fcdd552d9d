"""What a leaderboard's earlier runs tell of a run to come: what a row costs each model, and what need not be asked."""

from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache

import msgspec

from gero import runs
from gero.evaluation import BatchStatistics, Earlier, EvaluationPlan, PlannedCandidate
from gero.evaluation import plan as plans
from gero.kit import NotFound, clock
from gero.leaderboards.forecast_costs import PerRow, measured
from gero.leaderboards.forecast_rows import Sample
from gero.leaderboards.leaderboard import Leaderboard
from gero.runs import Run

_ENOUGH_ROWS = 2000
_REUSED_FOR = timedelta(days=30)  # as long as workers take answers over


class Before(msgspec.Struct, frozen=True):
    """An earlier run of the same model in the same words.

    `answered`: rows that it has an answer to. `share`: of the rows of today, those that the data of that run had, if
    rows were only added since. `judge`: whose verdicts it has. `batches`: some of what it measured.
    """

    answered: int
    share: float
    recent: bool
    judge: str | None
    per_row: PerRow | None
    batches: tuple[BatchStatistics, ...] = ()

    def overlap(self, rows: int) -> int:
        """How many of a run's rows it answered, about: all runs take the rows of a leaderboard in one order."""
        return min(self.answered, round(self.share * rows)) if self.recent else 0


class History:
    """The earlier runs of one leaderboard; each is read once."""

    def __init__(self, leaderboard: Leaderboard, sample: Sample) -> None:
        self._leaderboard = leaderboard
        self._sample = sample
        self._read = lru_cache(maxsize=None)(self._run)

    def of(self, candidate: PlannedCandidate) -> list[Before]:
        """What is known of a candidate, the newest run first."""
        return [found for one in candidate.earlier for found in self._before(candidate, one)]

    def _before(self, candidate: PlannedCandidate, earlier: Earlier) -> Iterator[Before]:
        try:
            run, plan, batches = self._read(earlier.run_id)
        except NotFound:  # it is being swept
            return
        own = tuple(one for one in batches if one.candidate_id == earlier.candidate_id)
        judge = plan.evaluation.judge
        yield Before(
            answered=_answered(run, plan, earlier.candidate_id),
            share=self._share(plan),
            recent=clock.now() - clock.parse(run.created_at) < _REUSED_FOR,
            judge=judge.identity if judge else None,
            per_row=measured(own, plan.candidate(earlier.candidate_id).endpoint, candidate.endpoint),
            batches=own,
        )

    def _run(self, run_id: str) -> tuple[Run, EvaluationPlan, list[BatchStatistics]]:
        place = self._leaderboard.workspace_id, self._leaderboard.id, run_id
        run, plan = runs.get(*place), plans.load(*place)
        return run, plan, list(_first_batches(plan))

    def _share(self, plan: EvaluationPlan) -> float:
        rows, version = plan.dataset.get("rows"), plan.dataset.get("version")
        if not rows or version == self._sample.version:
            return 1.0
        return min(1.0, float(rows) / self._sample.rows)


def _answered(run: Run, plan: EvaluationPlan, candidate_id: str) -> int:
    for entry in (run.ranking or {}).get("entries", []):
        if entry["candidate_id"] == candidate_id:
            return int(entry["n_rows"]) - int(entry.get("n_not_asked", 0)) - int(entry["n_errors"])
    return run.cells_done // len(plan.candidates)


def _first_batches(plan: EvaluationPlan) -> Iterator[BatchStatistics]:
    """Those of the first rounds: enough to know what a row costs, and few enough to be read while somebody waits."""
    rows = 0
    for number in range(1, plan.rounds + 1):
        found = [one for one, _ in runs.rounds.batches(plan.workspace_id, plan.run_id, number)]
        yield from found
        rows += sum(one.n_rows for one in found)
        if not found or rows >= _ENOUGH_ROWS * len(plan.candidates):
            return
