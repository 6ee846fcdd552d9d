"""Which earlier runs have asked a leaderboard's candidates the same: whose answers are paid for already, and whose rows
are evidence already.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from gero import runs
from gero.evaluation import Earlier, Evaluation, EvaluationPlan, PlannedCandidate
from gero.evaluation import plan as plans
from gero.kit import NotFound
from gero.leaderboards.leaderboard import Leaderboard
from gero.runs import Run

_RUNS_LOOKED_AT = 200
_ANSWERS_FROM = 4  # runs of a candidate; each holds what it took over from those before it
MOST_COUNTED = 40  # completed runs whose rows are known one by one; with more, evidence begins anew


class Found(msgspec.Struct, frozen=True):
    """The candidates with their earlier runs. `evidence_from`: the run whose evidence is added to; None to begin anew,
    as there are too many runs to know every row that is in it.
    """

    candidates: tuple[PlannedCandidate, ...]
    evidence_from: str | None


@dataclass(frozen=True)
class _Known:
    run: Run
    plan: EvaluationPlan

    @property
    def completed(self) -> bool:
        return self.run.status == "completed"

    def asked_all(self, candidate_id: str) -> bool:
        """Whether the candidate was asked every row of a whole dataset, so that the run covers those before it."""
        if self.run.rows_limit is not None or self.run.dataset_version is not None:
            return False
        own = next((one for one in self._entries if one["candidate_id"] == candidate_id), None)
        return own is not None and own["n_rows"] - own.get("n_not_asked", 0) == self.plan.rows

    @cached_property
    def _entries(self) -> list[dict[str, Any]]:
        """Of its ranking, which is read only of the few runs that it is needed of."""
        whole = runs.get(self.run.workspace_id, self.run.leaderboard_id, self.run.id)
        entries: list[dict[str, Any]] = (whole.ranking or {}).get("entries", [])
        return entries


def found(
    leaderboard: Leaderboard,
    planned: tuple[PlannedCandidate, ...],
    evaluation: Evaluation,
    *,
    pinned: bool = False,
    looked_at: int = _RUNS_LOOKED_AT,
) -> Found:
    """The candidates, each with the earlier runs that asked the same model in the same words, newest first.

    `evaluation`: what scores them now; what was scored otherwise is no evidence. `pinned`: the run is to evaluate an
    older version of the dataset, whose rows a newer run need not have. `looked_at`: how many runs, at most.
    """
    known = [one for one in _known(leaderboard, looked_at) if one.plan.prompt == leaderboard.system_prompt]
    kept, too_many = [], False
    for candidate in planned:
        own = [(one, before.id) for one in known for before in one.plan.candidates if before.asks_like(candidate)]
        counted = list(_counted(own, evaluation, pinned))
        too_many |= len(counted) > MOST_COUNTED
        wanted = {*counted[:MOST_COUNTED], *((one.run.id, name) for one, name in own[:_ANSWERS_FROM])}
        earlier = [(one.run.id, name) for one, name in own if (one.run.id, name) in wanted]
        marked = tuple(Earlier(*which, counted=which in counted) for which in earlier)
        kept.append(PlannedCandidate(candidate.id, candidate.name, candidate.endpoint, marked))
    return Found(tuple(kept), None if too_many else leaderboard.latest_run_id)


def _counted(own: list[tuple[_Known, str]], evaluation: Evaluation, pinned: bool) -> Iterator[tuple[str, str]]:
    """The completed runs whose rows are evidence, without those that a newer one covers."""
    for one, name in own:
        if one.completed and one.plan.evaluation.identity == evaluation.identity:
            yield one.run.id, name
            if one.asked_all(name) and not pinned:
                return


def _known(leaderboard: Leaderboard, looked_at: int) -> Iterator[_Known]:
    """Runs that have ended, newest first."""
    for run in runs.listed(leaderboard.workspace_id, leaderboard.id, looked_at):
        if run.active or run.started_at is None:
            continue
        try:
            plan = plans.load(run.workspace_id, run.leaderboard_id, run.id)
        except NotFound:
            continue
        if plan.starts:
            yield _Known(run, plan)
