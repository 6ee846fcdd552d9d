"""The whole work on one batch, from its message to its results, resumable at any moment."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache

import msgspec

from gero.datasets import Row
from gero.evaluation import plan as plans
from gero.evaluation import results
from gero.evaluation.allowance import EVERY_SECONDS, Allowance
from gero.evaluation.checkpoint import Checkpoint, Tally
from gero.evaluation.fan_out import FanOut
from gero.evaluation.job import BatchJob
from gero.evaluation.plan import EvaluationPlan, PlannedCandidate
from gero.evaluation.statistics import BatchStatistics
from gero.kit import GeroError
from gero.providers import Endpoint, Health, Pace
from gero.traces import Trace

_CHECKPOINT_SECONDS, _REPORT_SECONDS = 5.0, 2.0


class Finished(msgspec.Struct, frozen=True):
    """What came of a batch: so many traces, stored at `key`, and their sums."""

    key: str
    traces: int
    statistics: BatchStatistics
    first_error: str | None


async def evaluate(
    job: BatchJob,
    *,
    redelivered: bool,
    deadline: float,
    keep_alive: Callable[[], None],
    every_seconds: float,
    report: Callable[[Tally], None] = lambda tally: None,
) -> Finished | None:
    """Answer and score what is not yet known of the batch, and store it. None when time ran out: the answers so far
    are in S3, and the same job continues from there.

    `deadline` is a `time.monotonic()` moment. `keep_alive` is called in a thread every `every_seconds`, so that the
    queue knows somebody is at work; an exception it raises ends the work (in an ExceptionGroup). `report` gets
    what is done so far every two seconds, in a thread.
    """
    plan = plans.load(job.workspace_id, job.leaderboard_id, job.run_id)
    rows = plans.load_block(plan, job.block)
    candidate = plan.candidate(job.candidate_id)
    pace = _pace(plan, candidate)
    headers = _headers(job.workspace_id, candidate.endpoint, pace)
    allowance = Allowance(plan, candidate, pace)
    checkpoint = Checkpoint(job, redelivered=redelivered)
    saved = False
    try:
        await checkpoint.save_part()  # what a killed process left here is safe before anything else can happen
        await allowance.share()
        async with asyncio.TaskGroup() as group:
            beats = [
                group.create_task(_regularly(lambda: asyncio.to_thread(keep_alive), every_seconds)),
                group.create_task(_regularly(allowance.share, EVERY_SECONDS)),
                group.create_task(_regularly(checkpoint.save_part, _CHECKPOINT_SECONDS)),
                group.create_task(_regularly(lambda: asyncio.to_thread(report, checkpoint.tally()), _REPORT_SECONDS)),
            ]
            complete = await FanOut(plan, candidate, headers, pace).run(rows, checkpoint, deadline)
            for beat in beats:
                beat.cancel()
        if pace.stopped:
            await allowance.share()  # so that nobody else need find out
        finished = _finished(job, rows, checkpoint.answered) if complete else None
        if not finished:
            await checkpoint.save_part()
        saved = True
    finally:
        checkpoint.close(forget=saved)
    return finished


@lru_cache(maxsize=64)
def _known_pace(run_id: str, address: str, most: int) -> Pace:
    """What a worker learnt of an endpoint in a run holds for the batches after it."""
    return Pace(most)


@lru_cache(maxsize=64)
def _known_health(run_id: str, candidate_id: str) -> Health:
    """What it learnt of a candidate there, whose key and parameters are its own."""
    return Health()


def _pace(plan: EvaluationPlan, candidate: PlannedCandidate) -> Pace:
    pace = _known_pace(plan.run_id, candidate.endpoint.address, plan.in_flight)
    pace.health = _known_health(plan.run_id, candidate.id)
    pace.health.waiting = None
    return pace


def _headers(workspace_id: str, endpoint: Endpoint, pace: Pace) -> Mapping[str, str]:
    """The request headers; none, and nobody will ask, when the workspace has taken away what they need."""
    try:
        return endpoint.headers(workspace_id)
    except GeroError as error:
        if error.retryable:
            raise
        pace.stop(error.message)
        return {}


def salvage(job: BatchJob) -> Finished:
    """What is known of a batch that nobody could finish: its answers so far, stored; the other rows are unscored."""
    plan = plans.load(job.workspace_id, job.leaderboard_id, job.run_id)
    checkpoint = Checkpoint(job, redelivered=True)
    checkpoint.close(forget=False)
    return _finished(job, plans.load_block(plan, job.block), checkpoint.answered)


def _finished(job: BatchJob, rows: list[Row], answered: Mapping[str, Trace]) -> Finished:
    key = results.save(job, rows, answered)
    known = sum(row.id in answered for row in rows)
    return Finished(key, known, results.statistics(job, rows, answered), results.first_error(answered))


async def _regularly(action: Callable[[], Awaitable[None]], seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        await action()


def time_left(remaining_ms: int, reserve_seconds: float) -> float:
    """The `time.monotonic()` moment at which work must end, `reserve_seconds` before the Lambda's own end."""
    return time.monotonic() + max(0.0, remaining_ms / 1000 - reserve_seconds)
