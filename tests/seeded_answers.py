"""What the models of a seeded run answered: scores that differ by model and row, and now and then a failed call."""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice

from gero import datasets, traces
from gero.datasets import Row
from gero.evaluation import BatchJob, BatchStatistics, EvaluationPlan
from gero.evaluation import plan as plans
from gero.evaluation.results import save, statistics
from gero.kit import clock, new_id, table
from gero.kit.table import Write
from gero.traces import SCORE_SCALE, Trace

_WRITES = 50  # of one transaction
_WRITERS = 16
_FAILED, _SLOW = 0.01, 3000  # the share of calls; milliseconds


class SeededAnswers:
    """The answers of a plan's candidates; the same plan and seed give the same scores."""

    def __init__(self, plan: EvaluationPlan, seed: int) -> None:
        self._plan, self._seed = plan, seed
        self._ends = [one.id for one in plan.candidates]

    def statistics(self, block: int) -> list[BatchStatistics]:
        """The statistics of all batches of a block, without writing anything."""
        rows = [Row(str(number), "", [""]) for number in range(self._plan.block_rows[block])]
        return [statistics(self._job(block, place), rows, self._traces(block, place, rows)) for place in self._places]

    def write(self, rows: Sequence[Row]) -> None:
        """Store the plan, its rows in blocks, the batches and their answers: what a run leaves."""
        plans.save(self._plan)
        prefix = plans.run_prefix(self._plan.workspace_id, self._plan.leaderboard_id, self._plan.run_id)
        left = iter(rows)
        for block, size in enumerate(self._plan.block_rows):
            some = list(islice(left, size))
            plans.save_block(prefix, block, [datasets.encode(one) for one in some])
            with ThreadPoolExecutor(_WRITERS) as writers:
                written = list(writers.map(partial(self._batch, block, some), self._places))
            writes = [write for batch in written for write in batch]
            for start in range(0, len(writes), _WRITES):
                table.transact(writes[start : start + _WRITES])
        self._rounds()

    @property
    def _places(self) -> range:
        return range(len(self._plan.candidates))

    def _job(self, block: int, place: int) -> BatchJob:
        plan = self._plan
        number = plan.round_of_block(block)
        return BatchJob(plan.workspace_id, plan.leaderboard_id, plan.run_id, number, block, plan.candidates[place].id)

    def _batch(self, block: int, rows: list[Row], place: int) -> list[Write]:
        """Store a batch's answers; the writes that make it done and its traces findable, as `rounds.take` does."""
        job, found = self._job(block, place), self._traces(block, place, rows)
        key = save(job, rows, found)
        batch = {
            "pk": f"WS#{job.workspace_id}#RUN#{job.run_id}",
            "sk": f"BATCH#{job.name}",
            "status": "done",
            "statistics": statistics(job, rows, found).to_json().decode(),
        }
        index = traces.index_item(
            job.workspace_id, job.leaderboard_id, key=key, source="run", count=len(rows), run_id=job.run_id
        )
        return [Write(batch), Write(index)]

    def _rounds(self) -> None:
        plan, pk = self._plan, f"WS#{self._plan.workspace_id}#RUN#{self._plan.run_id}"
        for number in range(1, plan.rounds + 1):
            blocks = plan.blocks_of_round(number)
            total = len(blocks) * len(plan.candidates)
            cells = sum(plan.block_rows[block] for block in blocks) * len(plan.candidates)
            counted = {"total": total, "done": total, "sent": total, "cells_done": cells, "errors": 0, "cost_nanos": 0}
            asked = [one.id for one in plan.candidates]
            item = {"pk": pk, "sk": f"ROUND#{number:03}", "asked": asked, "task_token": "token", **counted}
            table.put(item)

    def _traces(self, block: int, place: int, rows: list[Row]) -> dict[str, Trace]:
        candidate = self._plan.candidates[place]
        chosen = random.Random(f"{self._seed} {block} {place}")
        ability = 0.95 - 0.01 * ((place * 7 + self._seed) % len(self._ends))
        now = clock.iso()
        found = {}
        for row in rows:
            failed, right = chosen.random() < _FAILED, chosen.random() < ability
            score = SCORE_SCALE if right and not failed else 0
            expected = list(row.expected)
            found[row.id] = Trace(
                trace_id=new_id(),
                source="run",
                created_at=now,
                input=row.input,
                output=None if failed else expected[0] if right else "sales",
                expected=expected,
                score=score,
                reason=None if failed else "equal to an accepted answer" if right else "not an accepted answer",
                error="HTTP 500: the model is overloaded" if failed else None,
                run_id=self._plan.run_id,
                row_id=row.id,
                model_id=candidate.id,
                model=candidate.name,
                latency_ms=None if failed else 100 + chosen.random() * _SLOW,
                tokens_in=60,
                tokens_out=2,
                cost_nanos=1000 * (place + 1),
            )
        return found
