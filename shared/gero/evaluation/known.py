"""What earlier runs know of a batch: answers that were paid for, and rows that are evidence already.

All runs of a leaderboard have their rows in one order, and a block is a stretch of it. So the rows of a batch lie in
the few blocks of an earlier run that overlap its stretch: nothing is indexed, and nothing is searched. A row is known
by what it asks: neither its id nor the answer that is expected makes it another one.
"""

from bisect import bisect_right
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
_READERS = 16


class Known(msgspec.Struct, frozen=True):
    """By row id: answers of the same model to the same input; and rows on which it was scored in a completed run."""

    answers: dict[str, Trace] = {}
    counted: frozenset[str] = frozenset()

    def mask(self, rows: list[Row]) -> str:
        """The counted rows of a block as a hexadecimal bit mask."""
        return f"{sum(1 << number for number, row in enumerate(rows) if row.id in self.counted):x}"


def of_batch(plan: EvaluationPlan, candidate: PlannedCandidate, rows: list[Row]) -> Known:
    """What the candidate's earlier runs know of these rows of the plan, newest first. Blocking: it reads S3."""
    wanted = {row.input: row.id for row in rows}
    places = sorted(plans.place(plan.seed, row.input) for row in rows)
    answers: dict[str, Trace] = {}
    counted: set[str] = set()
    oldest = clock.iso(clock.now() - _REUSED_FOR)
    with ThreadPoolExecutor(_READERS) as readers:
        for earlier in candidate.earlier:
            found = {one.input: one for one in _traces(plan, earlier, places, readers) if one.input in wanted}
            for asked, one in found.items():
                if earlier.counted and one.score is not None:
                    counted.add(wanted[asked])
                if one.output is not None and one.error is None and one.created_at >= oldest:
                    answers.setdefault(wanted[asked], one)
            if len(answers) == len(counted) == len(rows):
                break
    return Known(answers, frozenset(counted))


def _traces(plan: EvaluationPlan, earlier: Earlier, places: list[int], readers: ThreadPoolExecutor) -> Iterator[Trace]:
    """The candidate's traces in those blocks of an earlier run that can hold rows at these places."""
    try:
        before = plans.load(plan.workspace_id, plan.leaderboard_id, earlier.run_id)
    except NotFound:  # its leaderboard is being swept
        return
    if before.seed != plan.seed:
        return
    blocks = {max(0, bisect_right(before.starts, place) - 1) for place in places}
    own = (plan.workspace_id, plan.leaderboard_id, earlier.run_id)
    jobs = [BatchJob(*own, before.round_of_block(block), block, earlier.candidate_id) for block in sorted(blocks)]
    for lines in readers.map(lambda job: list(results.stored_lines(job)), jobs):
        yield from map(traces.decode, lines)
