"""The whole work on one batch, from its message to its results, resumable at any moment."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache

import msgspec
from msgspec.structs import replace

from gero.evaluation import known as knowledge
from gero.evaluation import plan as plans
from gero.evaluation import results
from gero.evaluation.allowance import EVERY_SECONDS, WORKER, Allowance
from gero.evaluation.checkpoint import Checkpoint, Tally
from gero.evaluation.fan_out import FanOut
from gero.evaluation.job import BatchJob
from gero.evaluation.judge import Judge
from gero.evaluation.known import Known
from gero.evaluation.plan import EvaluationPlan, PlannedCandidate
from gero.evaluation.spending import USED_UP, Halted, Spending
from gero.evaluation.statistics import BatchStatistics
from gero.evaluation.verdicts import Verdicts
from gero.kit import GeroError
from gero.providers import Endpoint, Health, Pace
from gero.traces import Trace

_CHECKPOINT_SECONDS, _REPORT_SECONDS = 5.0, 2.0
_NOT_JUDGED = "the platform could not finish this batch"
JUDGE = "judge"  # the judge's name among the candidates that are asked


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
    queue knows somebody is at work; an exception it raises ends the work (in an ExceptionGroup). `report` gets what is
    done so far every two seconds, in a thread. Halted when the run is to wait for a person.
    """
    work = _Work(job)
    checkpoint = Checkpoint(job, redelivered=redelivered, judged=work.plan.evaluation.judge is not None)
    saved = False
    try:
        await checkpoint.save_part()  # what a killed process left here is safe before anything else can happen
        async with asyncio.TaskGroup() as group:
            beats = [
                group.create_task(_regularly(lambda: asyncio.to_thread(keep_alive), every_seconds)),
                group.create_task(_regularly(checkpoint.save_part, _CHECKPOINT_SECONDS)),
                group.create_task(_regularly(lambda: asyncio.to_thread(report, checkpoint.tally()), _REPORT_SECONDS)),
            ]
            await asyncio.to_thread(work.remember)
            complete = await work.answer(checkpoint, deadline) and await work.judge(checkpoint, deadline)
            for beat in beats:
                beat.cancel()
        finished = _finished(work, checkpoint.answered) if complete else None
        saved = finished is not None
    finally:
        if not saved:  # of a run that was paused or cancelled, too: it is paid for
            await checkpoint.save_part()
        checkpoint.close(forget=True)
        await work.spending.give_back()
    if finished is None and work.halted:
        raise Halted(work.halted)
    return finished


class _Work:
    """What a batch needs, and its two halves: the candidate's answers and the judge's verdicts."""

    def __init__(self, job: BatchJob) -> None:
        self.job = job
        self.plan = plans.load(job.workspace_id, job.leaderboard_id, job.run_id)
        self.rows = plans.load_block(self.plan, job.block)
        self.candidate = self.plan.candidate(job.candidate_id)
        self.known = Known()
        self.spending = Spending(self.plan)
        self._judge_is_out: str | None = None

    @property
    def halted(self) -> str | None:
        """Why a person has to do something before the batch can go on."""
        if self._judge_is_out:
            return f"its judge gives no verdicts: {self._judge_is_out}"
        return USED_UP if self.spending.used_up() else None

    def remember(self) -> None:
        """Look up what earlier runs know of the rows. Blocking."""
        if self.candidate.earlier:
            self.known = knowledge.of_batch(self.plan, self.candidate, self.rows)

    async def answer(self, checkpoint: Checkpoint, deadline: float) -> bool:
        """Ask the candidate, if there is anybody to judge the answers; True when nothing is left to ask."""
        if judge := self.plan.evaluation.judge:
            pace, _ = self._asking(_as_candidate(judge))
            await self._allowance(_as_candidate(judge), pace).share()
            if pace.stopped:
                self._judge_is_out = pace.stopped
                return False
        pace, headers = self._asking(self.candidate)
        fan_out = FanOut(self.plan, self.candidate, headers, pace, self.known, self.spending)
        async with _shared(self._allowance(self.candidate, pace), pace):
            return await fan_out.run(self.rows, checkpoint, deadline)

    async def judge(self, checkpoint: Checkpoint, deadline: float) -> bool:
        """Have the answers judged, where a judge scores; True when none waits for it any more."""
        judge = self.plan.evaluation.judge
        if judge is None or not checkpoint.unjudged:
            return True
        pace, headers = self._asking(_as_candidate(judge))
        known = self.known if self.plan.reuse else Known()
        verdicts = Verdicts(self.plan, judge, headers, pace, known, self.spending)
        async with _shared(self._allowance(_as_candidate(judge), pace), pace):
            done = await verdicts.run(self.job, self.rows, checkpoint, deadline)
        if not done:
            self._judge_is_out = pace.stopped
        return done

    def _asking(self, candidate: PlannedCandidate) -> tuple[Pace, Mapping[str, str]]:
        pace = _pace(self.plan, candidate, self.job.epoch)
        return pace, _headers(self.plan.workspace_id, candidate.endpoint, pace)

    def _allowance(self, candidate: PlannedCandidate, pace: Pace) -> Allowance:
        worker = f"{WORKER}-judge" if candidate.id == JUDGE else WORKER
        return Allowance(self.plan, candidate, pace, worker, self.job.epoch)


def _as_candidate(judge: Judge) -> PlannedCandidate:
    return PlannedCandidate(JUDGE, judge.name, judge.endpoint)


@asynccontextmanager
async def _shared(allowance: Allowance, pace: Pace) -> AsyncIterator[None]:
    """While an endpoint is asked: its pace shared with the run's other workers."""
    await allowance.share()
    beat = asyncio.create_task(_regularly(allowance.share, EVERY_SECONDS))
    try:
        yield
    finally:
        beat.cancel()
    if pace.stopped:
        await allowance.share()  # so that nobody else need find out


@lru_cache(maxsize=64)
def _known_pace(run_id: str, epoch: int, address: str, most: int, judges: bool) -> Pace:
    """What a worker learnt of an endpoint in a run holds for the batches after it."""
    return Pace(most)


@lru_cache(maxsize=64)
def _known_health(run_id: str, epoch: int, candidate_id: str) -> Health:
    """What it learnt of a candidate there, whose key and parameters are its own."""
    return Health()


def _pace(plan: EvaluationPlan, candidate: PlannedCandidate, epoch: int) -> Pace:
    pace = _known_pace(plan.run_id, epoch, candidate.endpoint.address, plan.in_flight, candidate.id == JUDGE)
    pace.health = _known_health(plan.run_id, epoch, candidate.id)
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
    work = _Work(job)
    work.remember()
    checkpoint = Checkpoint(job, redelivered=True, judged=work.plan.evaluation.judge is not None)
    checkpoint.close(forget=False)
    unjudged = {row_id: replace(one, judge_error=_NOT_JUDGED) for row_id, one in checkpoint.unjudged.items()}
    return _finished(work, checkpoint.answered | unjudged)


def _finished(work: _Work, answered: Mapping[str, Trace]) -> Finished:
    key = results.save(work.job, work.rows, answered)
    known = sum(row.id in answered for row in work.rows)
    judged = work.plan.evaluation.judge is not None
    sums = results.statistics(work.job, work.rows, answered, work.known.mask(work.rows), judged=judged)
    return Finished(key, known, sums, results.first_error(answered))


async def _regularly(action: Callable[[], Awaitable[None]], seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        await action()


def time_left(remaining_ms: int, reserve_seconds: float) -> float:
    """The `time.monotonic()` moment at which work must end, `reserve_seconds` before the Lambda's own end."""
    return time.monotonic() + max(0.0, remaining_ms / 1000 - reserve_seconds)
