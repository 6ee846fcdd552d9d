"""Rounds and batches: handing work to the queue, and taking results exactly once.

A round item counts its batches; a batch item exists only once it is done. Both change in one transaction, so a
redelivered message finds its batch done and changes nothing. Whoever completes a round wakes the workflow.
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from gero import traces
from gero.evaluation import BatchJob, BatchStatistics, EvaluationPlan, Finished, Tally
from gero.kit import Conflict, conditions, queues, table, workflows
from gero.kit.table import Changes, Write
from gero.runs.run import partition

_SENT_AT_ONCE = 100
_UNDER_WAY = ("queued", "running")


class Opened(NamedTuple):
    """A round that was begun: whom it asks, in how many batches, and how many rows are counted already."""

    number: int
    asked: tuple[str, ...]
    batches: int
    cells_done: int


def dispatch(
    plan: EvaluationPlan, number: int, task_token: str, queue_url: str, racers: Sequence[str] | None = None
) -> int:
    """Open round `number` and send its batches, those of `racers` where a race has dropped others; returns how many
    there are.

    Dispatching again (the workflow retried) goes on behind the messages already sent, with the new task token.
    """
    asked = list(racers) if racers is not None else [candidate.id for candidate in plan.candidates]
    jobs = _jobs(plan, number, asked, _epoch(plan))
    key = (_run_partition(plan.workspace_id, plan.run_id), _round_key(number))
    values = {"total": len(jobs), "task_token": task_token, "asked": asked}
    opened = table.update(*key, Changes(set=values, add={"sent": 0, "done": 0}))
    for start in range(opened["sent"], len(jobs), _SENT_AT_ONCE):
        chunk = jobs[start : start + _SENT_AT_ONCE]
        queues.send(queue_url, [job.encode() for job in chunk])
        table.update(*key, Changes(add={"sent": len(chunk)}))
    wake_if_complete(plan.workspace_id, plan.run_id, number)
    return len(jobs)


def dispatch_rest(plan: EvaluationPlan, queue_url: str) -> int:
    """Send again what of the round under way is not done, for a run that goes on after a pause; returns how much."""
    pk = _run_partition(plan.workspace_id, plan.run_id)
    opened = list(table.query(pk, "ROUND#"))
    if not opened:
        return 0
    number = int(opened[-1]["sk"].removeprefix("ROUND#"))
    done = {item["sk"] for item in table.query(pk, f"BATCH#{number:03}/")}
    # `parts`: what earlier tries answered is looked for.
    every = _jobs(plan, number, opened[-1]["asked"], _epoch(plan))
    rest = [replace(job, parts=1) for job in every if _batch_key(job) not in done]
    for start in range(0, len(rest), _SENT_AT_ONCE):
        queues.send(queue_url, [job.encode() for job in rest[start : start + _SENT_AT_ONCE]])
    wake_if_complete(plan.workspace_id, plan.run_id, number)
    return len(rest)


def _epoch(plan: EvaluationPlan) -> int:
    """How many times the run was resumed: what was sent before is not wanted any more."""
    run = table.get(partition(plan.workspace_id, plan.leaderboard_id), f"RUN#{plan.run_id}", consistent=True)
    return int(run.get("epoch", 0)) if run else 0


def _jobs(plan: EvaluationPlan, number: int, asked: Sequence[str], epoch: int) -> list[BatchJob]:
    """The batches of a round. Those that others are compared with come first, so that nobody waits for them."""
    judge = plan.evaluation.judge
    ordered = sorted(asked, key=lambda one: bool(judge) and one != judge.reference_id) if judge else asked
    return [
        BatchJob(plan.workspace_id, plan.leaderboard_id, plan.run_id, number, block, candidate_id, epoch=epoch)
        for block in plan.blocks_of_round(number)
        for candidate_id in ordered
    ]


def is_wanted(job: BatchJob) -> bool:
    """Whether the batch's run is under way and the batch not yet done."""
    run = table.get(partition(job.workspace_id, job.leaderboard_id), f"RUN#{job.run_id}", consistent=True)
    if run is None or run["status"] not in _UNDER_WAY or run.get("epoch", 0) != job.epoch:
        return False
    return table.get(_run_partition(job.workspace_id, job.run_id), _batch_key(job), consistent=True) is None


def take(job: BatchJob, finished: Finished, *, abandoned: str | None = None) -> None:
    """Take what came of a batch, once, and wake the workflow when its round is complete.

    `abandoned` says why a batch is taken although rows of it are missing.
    """
    statistics, pk = finished.statistics, _run_partition(job.workspace_id, job.run_id)
    batch = {
        "pk": pk,
        "sk": _batch_key(job),
        "status": "abandoned" if abandoned else "done",
        "statistics": statistics.to_json().decode(),
    }
    first_error = abandoned or finished.first_error
    counted = {
        "done": 1,
        "cells_done": statistics.n_rows,
        "errors": statistics.n_errors,
        "cost_nanos": statistics.paid_nanos + statistics.judge_nanos,
    }
    index = traces.index_item(
        job.workspace_id, job.leaderboard_id, key=finished.key, source="run", count=finished.traces, run_id=job.run_id
    )
    # Another delivery of the message was faster, or the leaderboard was deleted: then there is nothing to count.
    with contextlib.suppress(Conflict):
        table.transact(
            [
                Write(batch | ({"first_error": first_error} if first_error else {}), condition=conditions.absent()),
                Write(
                    key=(pk, _round_key(job.round)),
                    changes=Changes(add=counted),
                    condition=conditions.present("total"),
                ),
                Write(index),
                Write(key=(pk, _live_key(job))),
            ]
        )
    wake_if_complete(job.workspace_id, job.run_id, job.round)


def report(job: BatchJob, tally: Tally) -> None:
    """Show how far a batch is, if it is not done yet; only for people who watch."""
    pk = _run_partition(job.workspace_id, job.run_id)
    live = Write({"pk": pk, "sk": _live_key(job), **msgspec.to_builtins(tally)})
    not_done = Write(key=(pk, _batch_key(job)), check=conditions.absent())
    with contextlib.suppress(Conflict):
        table.transact([live, not_done])


def wake_if_complete(workspace_id: str, run_id: str, number: int) -> None:
    """Let the workflow go on when the round's batches are all done. Harmless when repeated."""
    found = table.get(_run_partition(workspace_id, run_id), _round_key(number), consistent=True)
    if found and found["done"] >= found["total"]:
        workflows.succeed_task(found["task_token"])


def batches(workspace_id: str, run_id: str, number: int) -> Iterator[tuple[BatchStatistics, str | None]]:
    """The results of a round in order of block: statistics, and an example of an error."""
    for item in table.query(_run_partition(workspace_id, run_id), f"BATCH#{number:03}/"):
        yield BatchStatistics.from_json(item["statistics"]), item.get("first_error")


def opened(workspace_id: str, run_id: str) -> list[Opened]:
    """The rounds that were begun, in their order."""
    return [
        Opened(int(item["sk"].removeprefix("ROUND#")), tuple(item["asked"]), item["total"], item.get("cells_done", 0))
        for item in table.query(_run_partition(workspace_id, run_id), "ROUND#")
    ]


def live(workspace_id: str, run_id: str) -> Iterator[tuple[str, Tally]]:
    """How far the batches are that workers have in hand, each with the id of its candidate."""
    for item in table.query(_run_partition(workspace_id, run_id), "LIVE#"):
        yield item["sk"].rpartition("/")[2], Tally(item["cells_done"], item["errors"], item["cost_nanos"])


def _run_partition(workspace_id: str, run_id: str) -> str:
    return f"WS#{workspace_id}#RUN#{run_id}"


def _round_key(number: int) -> str:
    return f"ROUND#{number:03}"


def _live_key(job: BatchJob) -> str:
    return f"LIVE#{job.name}"


def _batch_key(job: BatchJob) -> str:
    return f"BATCH#{job.name}"
