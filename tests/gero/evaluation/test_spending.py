import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gero import evaluation
from gero.evaluation import BatchJob, EvaluationPlan, Finished, SpentUp, spending
from gero.evaluation.spending import Spending
from tests.gero.plans import candidate, job_of, stored_plan
from tests.model_server import ModelServer

CALL_NANOS = 25_000  # 20 tokens in and 5 out, at a dollar for a thousand


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(lambda model, prompt: "x", latency_seconds=0.02).running() as running:
        yield running


@pytest.fixture(autouse=True)
def _own_disk(cloud: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def planned(url: str = "http://127.0.0.1:9/v1", **changed: Any) -> EvaluationPlan:
    prices = {"input_nanos_per_million": 10**9, "output_nanos_per_million": 10**9}
    models = tuple(candidate(name, url, **prices) for name in ("a", "b"))
    return stored_plan(candidates=models, url=url, **changed)


async def work(job: BatchJob, redelivered: bool = False) -> Finished | None:
    return await evaluation.evaluate(
        job, redelivered=redelivered, deadline=time.monotonic() + 1000, keep_alive=lambda: None, every_seconds=60
    )


async def test_a_run_without_a_cap_counts_nothing(server: ModelServer) -> None:
    view = Spending(planned())
    view.add(10**18)
    await view.share()
    assert not view.used_up()


async def test_workers_know_what_others_spent_a_second_later() -> None:
    plan = planned(max_cost_nanos=100)
    one, other = Spending(plan), Spending(plan)
    one.add(40)
    assert not one.used_up()
    await one.share()
    other.add(10)
    await other.share()
    assert not other.used_up()
    one.add(30)
    await one.share()
    assert one.used_up(), "80 of 100 are spent, and one call has cost 40"
    await other.share()
    assert not other.used_up(), "its own calls cost 10"


async def test_calls_under_way_count_as_dear_as_the_dearest() -> None:
    view = Spending(planned(max_cost_nanos=100))
    view.add(30)
    assert not view.used_up()
    with view.call(), view.call():
        assert view.used_up()
    assert not view.used_up()


async def test_a_batch_stops_at_the_cap_and_goes_on_from_there_with_a_higher_one(server: ModelServer) -> None:
    plan = planned(server.url, rows=40, rows_per_block=40, in_flight=2, max_cost_nanos=10 * CALL_NANOS)
    job = job_of(plan)
    with pytest.raises(SpentUp):
        await work(job)
    asked = len(server.requests)
    assert 8 <= asked <= 10
    with pytest.raises(SpentUp):
        await work(job, redelivered=True)
    assert len(server.requests) == asked, "nothing is left to spend"
    spending.set_cap("w", plan.run_id, None)
    finished = await work(job, redelivered=True)
    assert finished is not None
    assert (len(server.requests), finished.statistics.paid_nanos) == (40, 40 * CALL_NANOS)
    assert server.repeated == 0
