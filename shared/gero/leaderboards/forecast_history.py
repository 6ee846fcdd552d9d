"""What a leaderboard's earlier runs tell of a run to come: what a row costs each model, and what need not be asked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, lru_cache

from gero import runs
from gero.evaluation import BatchStatistics, Earlier, EvaluationPlan, PlannedCandidate
from gero.evaluation import plan as plans
from gero.kit import NotFound, clock
from gero.leaderboards.forecast_costs import PerRow, measured
from gero.leaderboards.forecast_rows import Sample
from gero.leaderboards.leaderboard import Leaderboard
from gero.runs import Run

_ENOUGH_ROWS = 2000
_NEARLY_ALL = 0.9
_REUSED_FOR = timedelta(days=30)  # as long as workers take answers over


class History:
    """The earlier runs of one leaderboard; of each is read what is asked for, once."""

    def __init__(self, leaderboard: Leaderboard, sample: Sample) -> None:
        self._sample = sample
        place = leaderboard.workspace_id, leaderboard.id
        self.plan = lru_cache(maxsize=None)(lambda run_id: plans.load(*place, run_id))
        self.run = lru_cache(maxsize=None)(lambda run_id: runs.get(*place, run_id))
        self.batches = lru_cache(maxsize=None)(lambda run_id: tuple(_first_batches(self.plan(run_id))))

    def of(self, candidate: PlannedCandidate) -> list["Before"]:
        """What is known of a candidate, the newest run first."""
        return [Before(self, candidate, one) for one in candidate.earlier if self._is_there(one.run_id)]

    def share(self, plan: EvaluationPlan) -> float:
        """Of the rows of today, those that the data of a run had, if rows were only added since."""
        rows, version = plan.dataset.get("rows"), plan.dataset.get("version")
        if not rows or version == self._sample.version:
            return 1.0
        return min(1.0, float(rows) / self._sample.rows)

    def _is_there(self, run_id: str) -> bool:
        try:
            self.plan(run_id)
        except NotFound:  # it is being swept
            return False
        return True


@dataclass(frozen=True)
class Before:
    """An earlier run of the same model in the same words."""

    _history: History
    _candidate: PlannedCandidate
    _earlier: Earlier

    @property
    def judge(self) -> str | None:
        """Whose verdicts it has."""
        judge = self._plan.evaluation.judge
        return judge.identity if judge else None

    @cached_property
    def batches(self) -> tuple[BatchStatistics, ...]:
        """Some of what it measured of the model."""
        found = self._history.batches(self._earlier.run_id)
        return tuple(one for one in found if one.candidate_id == self._earlier.candidate_id)

    @cached_property
    def per_row(self) -> PerRow | None:
        """What a row costs the model by these batches; None when they tell nothing."""
        endpoint = self._plan.candidate(self._earlier.candidate_id).endpoint
        return measured(self.batches, endpoint, self._candidate.endpoint)

    def overlap(self, rows: int) -> int:
        """How many of a run's rows it answered, about: all runs take the rows of a leaderboard in one order."""
        try:
            run = self._history.run(self._earlier.run_id)
        except NotFound:
            return 0
        if clock.now() - clock.parse(run.created_at) >= _REUSED_FOR:
            return 0
        answered = _answered(run, self._plan, self._earlier.candidate_id)
        return min(answered, round(self._history.share(self._plan) * rows))

    @property
    def _plan(self) -> EvaluationPlan:
        return self._history.plan(self._earlier.run_id)


def taken_over(before: Iterable[Before], rows: int) -> int:
    """How many of so many rows need not be asked again, about: older runs are looked at when newer ones have few."""
    most = 0
    for one in before:
        if most < _NEARLY_ALL * rows:
            most = max(most, one.overlap(rows))
    return most


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
