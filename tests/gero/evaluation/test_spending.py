import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gero import evaluation
from gero.evaluation import BatchJob, EvaluationPlan, Finished, Halted, spending
from gero.evaluation.spending import Spending
from gero.providers import Endpoint, NotNow
from tests.gero.plans import candidate, job_of, stored_plan
from tests.model_server import ModelServer

CALL_NANOS = 25_000  # 20 tokens in and 5 out, at a dollar for a thousand


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(lambda model, prompt: "x", latency_seconds=0.02).running() as running:
        yield running


@pytest.fixture(autouse=True)
def _own_disk(atomic_cloud: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def planned(url: str = "http://127.0.0.1:9/v1", **changed: Any) -> EvaluationPlan:
    prices = {"input_nanos_per_million": 10**9, "output_nanos_per_million": 10**9}
    models = tuple(candidate(name, url, **prices) for name in ("a", "b"))
    return stored_plan(candidates=models, url=url, **changed)


async def work(job: BatchJob, redelivered: bool = False) -> Finished | None:
    return await evaluation.evaluate(
        job, redelivered=redelivered, deadline=time.monotonic() + 1000, keep_alive=lambda: None, every_seconds=60
    )


async def spend(view: Spending, nanos: int, guess: int = 1) -> bool:
    """Whether a call that costs so much could be made."""
    endpoint = Endpoint("custom", "http://127.0.0.1:9", output_nanos_per_million=guess * 10**6 // 256)
    try:
        async with view.call(endpoint, b"") as bill:
            bill.nanos = nanos
    except NotNow:
        return False
    return True


async def test_a_run_without_a_cap_counts_nothing() -> None:
    view = Spending(planned())
    assert await spend(view, 10**18)
    assert not view.used_up()


async def test_workers_together_spend_what_the_run_may_and_no_more() -> None:
    plan = planned(max_cost_nanos=100 * CALL_NANOS)
    workers = [Spending(plan) for _ in range(5)]

    async def work(view: Spending) -> int:
        calls = 0
        while await spend(view, CALL_NANOS, CALL_NANOS):
            calls += 1
        return calls

    calls = await asyncio.gather(*map(work, workers))
    assert all(view.used_up() for view in workers)
    assert 93 <= sum(calls) <= 101


async def test_what_a_worker_did_not_spend_is_there_for_others() -> None:
    plan = planned(max_cost_nanos=20 * CALL_NANOS)
    one, other = Spending(plan), Spending(plan)
    assert await spend(one, CALL_NANOS, 2 * CALL_NANOS)
    await one.give_back()
    assert sum([await spend(other, CALL_NANOS, CALL_NANOS) for _ in range(30)]) == 19


async def test_calls_under_way_count_as_dear_as_the_dearest() -> None:
    view = Spending(planned(max_cost_nanos=100))
    assert await spend(view, 40)
    endpoint = Endpoint("custom", "http://127.0.0.1:9")
    async with view.call(endpoint, b"") as bill:
        assert not await spend(view, 40)
        bill.nanos = 20
    assert view.used_up()


async def test_a_batch_stops_at_the_cap_and_goes_on_from_there_with_a_higher_one(server: ModelServer) -> None:
    plan = planned(server.url, rows=40, rows_per_block=40, in_flight=2, max_cost_nanos=10 * CALL_NANOS)
    job = job_of(plan)
    with pytest.raises(Halted):
        await work(job)
    asked = len(server.requests)
    assert 8 <= asked <= 10
    with pytest.raises(Halted):
        await work(job, redelivered=True)
    assert len(server.requests) == asked, "nothing is left to spend"
    spending.set_cap("w", plan.run_id, None)
    finished = await work(job, redelivered=True)
    assert finished is not None
    assert (len(server.requests), finished.statistics.paid_nanos) == (40, 40 * CALL_NANOS)
    assert server.repeated == 0
