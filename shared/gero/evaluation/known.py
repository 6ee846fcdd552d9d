"""What earlier runs know of a batch: answers that were paid for, and rows that are evidence already.

All runs of a leaderboard have their rows in one order, and a block is a stretch of it. So the rows of a batch lie in
the few blocks of an earlier run that overlap its stretch: nothing is indexed, and nothing is searched.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import timedelta

import msgspec

from gero import traces
from gero.datasets import Row
from gero.evaluation import plan as plans
from gero.evaluation import results
from gero.evaluation.job import BatchJob
from gero.evaluation.plan import Earlier, EvaluationPlan, PlannedCandidate
from gero.kit import NotFound, clock
from gero.traces import Trace

_REUSED_FOR = timedelta(days=30)  # models change behind their names


class Known(msgspec.Struct, frozen=True):
    """By row id: answers of the same model to the same input; and rows on which it was scored in a completed run."""

    answers: dict[str, Trace] = {}
    counted: frozenset[str] = frozenset()

    def mask(self, rows: list[Row]) -> str:
        """The counted rows of a block as a hexadecimal bit mask."""
        return f"{sum(1 << number for number, row in enumerate(rows) if row.id in self.counted):x}"


def of_batch(plan: EvaluationPlan, candidate: PlannedCandidate, rows: list[Row]) -> Known:
    """What the candidate's earlier runs know of these rows of the plan, newest first."""
    wanted = {row.id: row.input for row in rows}
    answers: dict[str, Trace] = {}
    counted: set[str] = set()
    oldest = clock.iso(clock.now() - _REUSED_FOR)
    for earlier in candidate.earlier:
        for one in _traces(plan, earlier, rows):
            row_id = str(one.row_id)
            if wanted.get(row_id) != one.input:
                continue
            if earlier.counted and one.score is not None:
                counted.add(row_id)
            if one.output is not None and one.error is None and one.created_at >= oldest:
                answers.setdefault(row_id, one)
        if len(answers) == len(counted) == len(rows):
            break
    return Known(answers, frozenset(counted))


def _traces(plan: EvaluationPlan, earlier: Earlier, rows: list[Row]) -> Iterator[Trace]:
    try:
        before = plans.load(plan.workspace_id, plan.leaderboard_id, earlier.run_id)
    except NotFound:  # its leaderboard is being swept
        return
    if before.seed != plan.seed:
        return
    places = [plans.place(plan.seed, row.id) for row in rows]
    first = max(0, bisect_right(before.starts, min(places)) - 1)
    for block in range(first, bisect_right(before.starts, max(places))):
        number = before.round_of_block(block)
        job = BatchJob(plan.workspace_id, plan.leaderboard_id, earlier.run_id, number, block, earlier.candidate_id)
        for line in results.stored_lines(job):
            yield traces.decode(line)
