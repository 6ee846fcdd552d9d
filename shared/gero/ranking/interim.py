"""Where each candidate of an active run stands, between its rounds too: for people who watch, never for a decision."""

from typing import Any, Literal

import msgspec

from gero.evaluation import SCORE_SCALE, BatchStatistics, EvaluationPlan
from gero.ranking.certainty import Certainty
from gero.ranking.merge import CandidateSums
from gero.runs import Run, rounds

State = Literal["waiting", "asked", "done", "dropped", "given_up"]
_GIVEN_UP = "its endpoint was given up"


class Contender(msgspec.Struct, frozen=True):
    """A candidate of an active run. Money in nano-dollars, scores in 0..1; limits hold for each candidate by itself.

    `score` is that of the rounds that were ranked; before there is one, that of the batches that are done. `why` tells
    why it is asked no more, `dropped_in` is the round after which.
    """

    id: str
    name: str
    state: State = "waiting"
    rows_done: int = 0
    rows_planned: int | None = None
    n_errors: int = 0
    cost_nanos: int = 0
    score: float | None = None
    score_low: float | None = None
    score_high: float | None = None
    dropped_in: int | None = None
    why: str | None = None


class InterimStanding(msgspec.Struct, frozen=True):
    """All candidates in the plan's order. `round`: the one under way; 0 before the first. `batches`: how many of it
    have to be read to know this.
    """

    contenders: tuple[Contender, ...]
    round: int
    batches: int


def interim_standing(plan: EvaluationPlan, run: Run) -> InterimStanding:
    """How far each candidate is: by the interim ranking, the batches since then, and those in hand."""
    document = run.ranking or {}
    entries = {entry["candidate_id"]: entry for entry in document.get("entries", [])}
    since = _Since(plan, sum(entry["n_rows"] for entry in entries.values()))
    dropped = (document.get("race") or {}).get("dropped", {})
    errors = document.get("first_errors", {}) | since.errors
    contenders = []
    for one in plan.candidates:
        sums, entry = since.sums.get(one.id, CandidateSums()), entries.get(one.id, {})
        known = Contender(
            id=one.id,
            name=one.name,
            rows_done=entry.get("n_rows", 0) + sums.n_rows,
            rows_planned=plan.rows,
            n_errors=entry.get("n_errors", 0) + sums.n_errors,
            cost_nanos=entry.get("paid_nanos", 0) + entry.get("judge_nanos", 0) + sums.paid_nanos + sums.judge_nanos,
            **(_scored(entry) if entry else _scored_so_far(plan, sums)),
        )
        lost = bool(entry.get("n_not_asked") or sums.n_not_asked)
        contenders.append(_placed(known, dropped.get(one.id), errors.get(one.id, _GIVEN_UP) if lost else None, since))
    return InterimStanding(tuple(contenders), since.round, since.batches)


class _Since:
    """What came after the interim ranking, which holds `ranked` rows: sums and, of given up candidates, why."""

    def __init__(self, plan: EvaluationPlan, ranked: int) -> None:
        opened = rounds.opened(plan.workspace_id, plan.run_id)
        self.round = opened[-1].number if opened else 0
        self.sums: dict[str, CandidateSums] = {}
        self.errors: dict[str, str] = {}
        self.batches = 0
        if ranked < sum(one.cells_done for one in opened):
            self.batches = opened[-1].batches
            for batch, error in rounds.batches(plan.workspace_id, plan.run_id, self.round):
                self._add(batch.candidate_id, _sums(batch))
                if batch.n_not_asked and error:
                    self.errors[batch.candidate_id] = error
        for candidate_id, tally in rounds.live(plan.workspace_id, plan.run_id):
            in_hand = CandidateSums(n_rows=tally.cells_done, n_errors=tally.errors, paid_nanos=tally.cost_nanos)
            self._add(candidate_id, in_hand)

    def _add(self, candidate_id: str, sums: CandidateSums) -> None:
        self.sums[candidate_id] = self.sums.get(candidate_id, CandidateSums()) + sums


def _sums(batch: BatchStatistics) -> CandidateSums:
    scores = [score for score in batch.row_scores() if score is not None]
    return CandidateSums(
        n_rows=batch.n_rows,
        n_scored=len(scores),
        score_sum=sum(scores),
        score_squares=sum(score * score for score in scores),
        n_errors=batch.n_errors,
        n_not_asked=batch.n_not_asked,
        paid_nanos=batch.paid_nanos,
        judge_nanos=batch.judge_nanos,
    )


def _scored(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: entry[name] for name in ("score", "score_low", "score_high")}


def _scored_so_far(plan: EvaluationPlan, sums: CandidateSums) -> dict[str, Any]:
    if not sums.n_scored:
        return {}
    population = plan.rows if plan.target == "dataset" else None
    low, high = Certainty(race_rows=plan.rows if plan.race else None, population=population).interval(sums)
    return {"score": sums.score_sum / (sums.n_scored * SCORE_SCALE), "score_low": low, "score_high": high}


def _placed(known: Contender, mark: dict[str, Any] | None, error: str | None, since: _Since) -> Contender:
    """The candidate with its state. `mark`: how a race dropped it; `error`: why its endpoint was given up."""
    if mark:
        known = msgspec.structs.replace(known, rows_planned=known.rows_done, dropped_in=mark["round"])
    if error or (mark and mark.get("log_e") is None):
        return msgspec.structs.replace(known, state="given_up", why=error or (mark or {}).get("why"))
    if mark:
        return msgspec.structs.replace(known, state="dropped", why=mark.get("why"))
    if known.rows_done >= (known.rows_planned or 0):
        return msgspec.structs.replace(known, state="done")
    return msgspec.structs.replace(known, state="asked") if known.id in since.sums else known
