"""Rounds and batches: handing work to the queue, and taking results exactly once.

A round item counts its batches; a batch item exists only once it is done. Both change in one transaction, so a
redelivered message finds its batch done and changes nothing. Whoever completes a round wakes the workflow.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

from gero import traces
from gero.evaluation import BatchJob, BatchStatistics, EvaluationPlan, results
from gero.evaluation import plan as plans
from gero.kit import Conflict, conditions, queues, table, workflows
from gero.kit.table import Changes, Write
from gero.runs.run import ACTIVE, partition

_SENT_AT_ONCE = 100


def dispatch(plan: EvaluationPlan, number: int, task_token: str, queue_url: str) -> int:
    """Open round `number` and send its batches; returns how many there are.

    Dispatching again (the workflow retried) goes on behind the messages already sent, with the new task token.
    """
    jobs = [
        BatchJob(plan.workspace_id, plan.leaderboard_id, plan.run_id, number, block, candidate.id)
        for block in plan.blocks_of_round(number)
        for candidate in plan.candidates
    ]
    key = (_run_partition(plan.workspace_id, plan.run_id), _round_key(number))
    opened = table.update(*key, Changes(set={"total": len(jobs), "task_token": task_token}, add={"sent": 0, "done": 0}))
    for start in range(opened["sent"], len(jobs), _SENT_AT_ONCE):
        chunk = jobs[start : start + _SENT_AT_ONCE]
        queues.send(queue_url, [job.encode() for job in chunk])
        table.update(*key, Changes(add={"sent": len(chunk)}))
    wake_if_complete(plan.workspace_id, plan.run_id, number)
    return len(jobs)


def is_wanted(job: BatchJob) -> bool:
    """Whether the batch's run is still active and the batch not yet done."""
    run = table.get(partition(job.workspace_id, job.leaderboard_id), f"RUN#{job.run_id}", consistent=True)
    if run is None or run["status"] not in ACTIVE:
        return False
    return table.get(_run_partition(job.workspace_id, job.run_id), _batch_key(job), consistent=True) is None


def complete(job: BatchJob, statistics: BatchStatistics, *, key: str, first_error: str | None) -> None:
    """Take a batch's results, once, and wake the workflow when its round is complete."""
    index = traces.index_item(
        job.workspace_id, job.leaderboard_id, key=key, source="run", count=statistics.n_rows, run_id=job.run_id
    )
    _take(job, statistics, {"status": "done"} | ({"first_error": first_error} if first_error else {}), [Write(index)])


def abandon(job: BatchJob, reason: str) -> None:
    """Give a batch up: its rows stay unscored, and its round can end."""
    plan = plans.load(job.workspace_id, job.leaderboard_id, job.run_id)
    start = job.block * plan.rows_per_block
    rows = min(plan.rows_per_block, plan.rows - start)
    _take(job, results.unscored(job, rows), {"status": "abandoned", "first_error": reason}, [])


def wake_if_complete(workspace_id: str, run_id: str, number: int) -> None:
    """Let the workflow go on when the round's batches are all done. Harmless when repeated."""
    found = table.get(_run_partition(workspace_id, run_id), _round_key(number), consistent=True)
    if found and found["done"] >= found["total"]:
        workflows.succeed_task(found["task_token"])


def batches(workspace_id: str, run_id: str, number: int) -> Iterator[tuple[BatchStatistics, str | None]]:
    """The results of a round in order of block: statistics, and an example of an error."""
    for item in table.query(_run_partition(workspace_id, run_id), f"BATCH#{number:03}/"):
        yield BatchStatistics.from_json(item["statistics"]), item.get("first_error")


def _take(job: BatchJob, statistics: BatchStatistics, told: dict[str, Any], more: list[Write]) -> None:
    pk = _run_partition(job.workspace_id, job.run_id)
    batch = {"pk": pk, "sk": _batch_key(job), "statistics": statistics.to_json().decode(), **told}
    counted = {
        "done": 1,
        "cells_done": statistics.n_rows,
        "errors": statistics.n_errors,
        "cost_nanos": statistics.cost_nanos,
    }
    taken = Write(batch, condition=conditions.absent())
    with contextlib.suppress(Conflict):  # another delivery of the same message was faster
        table.transact([taken, Write(key=(pk, _round_key(job.round)), changes=Changes(add=counted)), *more])
    wake_if_complete(job.workspace_id, job.run_id, job.round)


def _run_partition(workspace_id: str, run_id: str) -> str:
    return f"WS#{workspace_id}#RUN#{run_id}"


def _round_key(number: int) -> str:
    return f"ROUND#{number:03}"


def _batch_key(job: BatchJob) -> str:
    return f"BATCH#{job.name}"
