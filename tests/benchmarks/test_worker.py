"""The worker beside a bare aiohttp loop that asks the same questions, in the same run, as ratios (DESIGN §8)."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import NamedTuple

import pytest

from gero import datasets, evaluation
from gero.evaluation import BatchJob, Evaluation, EvaluationPlan, Finished, PlannedCandidate
from gero.evaluation import plan as plans
from gero.providers import Endpoint
from tests.benchmarks.bare_loop import ROWS, bare_loop

pytestmark = pytest.mark.benchmark

IN_FLIGHT = 64
# 14 s where the bare loop takes 13.1 s, and 1 ms CPU a call where it takes 0.27 ms; a tenth more on a shared machine.
MAX_WALL_RATIO = 14 / 13.1 * 1.1
MAX_CPU_RATIO = 1 / 0.27 * 1.1


class Cost(NamedTuple):
    """Seconds of one pass over all rows."""

    wall: float
    cpu: float


def measured(work: Callable[[], Coroutine[None, None, None]]) -> Cost:
    wall, cpu = time.perf_counter(), time.process_time()
    asyncio.run(work())
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


def test_the_worker_stays_near_a_bare_loop(
    cloud: None, models_url: str, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    plan = planned(models_url)
    finished: list[Finished | None] = []

    async def worker() -> None:
        job = BatchJob(plan.workspace_id, plan.leaderboard_id, plan.run_id, 1, 0, "model")
        deadline = time.monotonic() + 200
        finished.append(
            await evaluation.evaluate(
                job, redelivered=False, deadline=deadline, keep_alive=lambda: None, every_seconds=10
            )
        )

    bare = measured(lambda: bare_loop(models_url, IN_FLIGHT))
    gero = measured(worker)
    again = measured(lambda: bare_loop(models_url, IN_FLIGHT))
    base = Cost(min(bare.wall, again.wall), min(bare.cpu, again.cpu))

    assert finished[0]
    assert finished[0].statistics.row_scores() == [evaluation.SCORE_SCALE] * len(ROWS)
    lines = {
        "wall": f"worker {gero.wall:.2f} s, bare loop {base.wall:.2f} s, ratio {gero.wall / base.wall:.2f}",
        "cpu": f"worker {gero.cpu:.3f} ms a call, bare loop {base.cpu:.3f}, ratio {gero.cpu / base.cpu:.2f}",
    }
    for name, line in lines.items():
        record_property(name, line)
        print(line)
    assert gero.wall <= base.wall * MAX_WALL_RATIO
    assert gero.cpu <= base.cpu * MAX_CPU_RATIO


def planned(url: str) -> EvaluationPlan:
    """The rows as one block of a stored plan."""
    endpoint = Endpoint(platform="custom", url=url, model="m", input_nanos_per_million=500_000_000)
    plan = EvaluationPlan(
        workspace_id="w",
        leaderboard_id="l",
        run_id="r",
        prompt="Answer.",
        evaluation=Evaluation(),
        candidates=(PlannedCandidate("model", "model", endpoint),),
        rows=len(ROWS),
        block_rows=(len(ROWS),),
        round_blocks=(1,),
        in_flight=IN_FLIGHT,
        seed="s",
        dataset={},
    )
    plans.save(plan)
    plans.save_block(plans.run_prefix("w", "l", "r"), 0, [datasets.encode(row) for row in ROWS])
    return plan
