"""What a run wastes on a provider that refuses and fails: extra calls as a share of the rows, and no row lost."""

import asyncio
import time
from collections.abc import Callable

import pytest

from gero.evaluation import EvaluationPlan
from gero.evaluation.allowance import EVERY_SECONDS, Allowance
from gero.evaluation.checkpoint import Checkpoint
from gero.evaluation.fan_out import FanOut
from gero.providers import Pace
from gero.traces import SCORE_SCALE
from tests.benchmarks.limited_models import LimitedModels, Limits, serving
from tests.gero.plans import job_of, some_rows, stored_plan

pytestmark = [pytest.mark.benchmark, pytest.mark.usefixtures("cloud")]

IN_FLIGHT = 64
MAX_EXTRA = 0.12
Record = Callable[[str, object], None]


async def run(limits: Limits, *, workers: int, rows_each: int) -> tuple[LimitedModels, float]:
    """Workers of one run, each with rows of its own, against one endpoint; every row right in the end. The server, and
    the seconds it took.
    """
    async with serving(limits) as models:
        plan = stored_plan(rows=workers * rows_each, url=models.url, in_flight=IN_FLIGHT, rows_per_block=rows_each)
        started = time.perf_counter()
        await asyncio.gather(*(work(plan, number, rows_each) for number in range(workers)))
        return models, time.perf_counter() - started


async def work(plan: EvaluationPlan, number: int, rows_each: int) -> None:
    rows = some_rows(plan.rows)[number * rows_each : (number + 1) * rows_each]
    candidate, pace = plan.candidates[0], Pace(IN_FLIGHT)
    allowance = Allowance(plan, candidate, pace, f"worker-{number}")
    checkpoint = Checkpoint(job_of(plan, block=number), redelivered=False)

    async def beat() -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            await allowance.share()

    await allowance.share()
    beats = asyncio.create_task(beat())
    try:
        assert await FanOut(plan, candidate, {}, pace).run(rows, checkpoint, time.monotonic() + 500)
    finally:
        beats.cancel()
        checkpoint.close(forget=True)
    assert {one.score for one in checkpoint.answered.values()} == {SCORE_SCALE}, "a row was lost"
    assert len(checkpoint.answered) == rows_each


def extra(models: LimitedModels, rows: int) -> float:
    return models.calls / rows - 1


async def test_five_percent_429_and_two_percent_500_cost_few_extra_calls(record_property: Record) -> None:
    models, _ = await run(Limits(refused=0.05, failed=0.02), workers=1, rows_each=4000)
    line = f"5 % 429 and 2 % 500: {extra(models, 4000):.1%} extra calls (line {MAX_EXTRA:.0%}), no row lost"
    record_property("extra", line)
    print(line)
    assert extra(models, 4000) <= MAX_EXTRA


async def test_a_server_that_serves_few_at_a_time_is_not_stormed(record_property: Record) -> None:
    limits = Limits(at_a_time=10)
    models, seconds = await run(limits, workers=1, rows_each=3000)
    least = 3000 * limits.latency_seconds / 10
    line = f"ten at a time: {extra(models, 3000):.1%} extra calls, {seconds / least:.2f} times as long as at best"
    record_property("at a time", line)
    print(line)
    assert extra(models, 3000) <= MAX_EXTRA
    assert seconds <= 4 * least


async def test_twenty_workers_do_not_storm_one_provider(record_property: Record) -> None:
    models, _ = await run(Limits(at_a_time=40, latency_seconds=0.05), workers=20, rows_each=200)
    line = f"twenty workers: at most {models.most_under_way} calls at a time, {extra(models, 4000):.1%} extra calls"
    record_property("workers", line)
    print(line)
    assert models.most_under_way <= IN_FLIGHT + 20, "alone each would have asked 64 at a time"
    assert extra(models, 4000) <= MAX_EXTRA


async def test_a_limit_by_the_second_loses_no_row(record_property: Record) -> None:
    models, seconds = await run(Limits(per_second=100), workers=2, rows_each=400)
    times = seconds / (800 / 100)
    line = f"100 a second: {models.refused / models.calls:.1%} refused, {times:.2f} times the least time"
    record_property("a second", line)
    print(line)
    assert times <= 4
