import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gero import evaluation, traces
from gero.evaluation import BatchJob, Finished
from gero.evaluation.checkpoint import Checkpoint
from gero.kit import blobs
from gero.traces import SCORE_SCALE
from tests.gero.plans import job_of, stored_plan
from tests.model_server import ModelServer


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(lambda model, prompt: prompt.removeprefix("Say input ")).running() as running:
        yield running


@pytest.fixture(autouse=True)
def _own_disk(cloud: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "one"))
    (tmp_path / "one").mkdir()


@pytest.fixture
def another_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def move() -> None:
        (tmp_path / "two").mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "two"))

    return move


async def work(
    job: BatchJob,
    *,
    redelivered: bool = False,
    seconds: float = 1000,
    keep_alive: Callable[[], None] = lambda: None,
    every: float = 60,
) -> Finished | None:
    deadline = time.monotonic() + seconds
    return await evaluation.evaluate(
        job, redelivered=redelivered, deadline=deadline, keep_alive=keep_alive, every_seconds=every
    )


async def test_a_batch_leaves_its_sums_and_its_traces_in_the_order_of_its_rows(server: ModelServer) -> None:
    server.answer = lambda model, prompt: "wrong" if prompt.endswith(" 4") else prompt.removeprefix("Say input ")
    finished = await work(job_of(stored_plan(url=server.url), block=1))
    assert finished is not None
    assert finished.statistics.row_scores() == [SCORE_SCALE, 0, SCORE_SCALE]
    assert (finished.statistics.tokens_in, sum(finished.statistics.latency.values())) == (60, 3)
    assert finished.first_error is None
    stored = [traces.decode(line) for line in blobs.get_lines(finished.key)]
    assert [one.row_id for one in stored] == ["r3", "r4", "r5"]
    assert {one.reason for one in stored} == {"matches '3'", "'wrong' is not '4'", "matches '5'"}


async def test_a_failure_is_counted_and_one_example_is_told(server: ModelServer) -> None:
    server.fault = lambda model, prompt, attempt: 400 if prompt.endswith(" 1") else 200
    finished = await work(job_of(stored_plan(url=server.url)))
    assert finished is not None
    assert finished.statistics.n_errors == 1
    assert finished.first_error == "the endpoint answered 400: told to fail"
    assert finished.statistics.row_scores() == [SCORE_SCALE, 0, SCORE_SCALE]


async def test_a_batch_handed_back_goes_on_elsewhere_with_what_is_missing(
    server: ModelServer, another_machine: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = stored_plan(rows=20, url=server.url, rows_per_block=20, in_flight=2)
    monkeypatch.setattr("gero.providers.call.PATIENCE_SECONDS", 0.1)
    server.latency_seconds = 0.04
    assert await work(job_of(plan), seconds=0.25) is None
    done = len(server.asked)
    assert 0 < done < 20
    server.latency_seconds = 0.0
    another_machine()
    finished = await work(BatchJob.decode(job_of(plan).encode()), redelivered=True)
    assert finished is not None
    assert finished.statistics.row_scores() == [SCORE_SCALE] * 20
    assert (len(server.asked), server.repeated) == (20, 0)


async def test_a_batch_that_was_stored_and_never_counted_is_not_asked_again(
    server: ModelServer, another_machine: Callable[[], None]
) -> None:
    plan = stored_plan(url=server.url)
    first = await work(job_of(plan))
    another_machine()
    again = await work(job_of(plan), redelivered=True)
    assert first is not None
    assert again is not None
    assert again.statistics == first.statistics
    assert (sum(server.asked.values()), server.repeated) == (3, 0)


async def test_the_queue_is_told_that_somebody_is_at_work_and_may_end_it(server: ModelServer) -> None:
    class Unwanted(Exception):
        pass

    beats = []

    def keep_alive() -> None:
        beats.append(threading.current_thread())
        if len(beats) == 2:
            raise Unwanted

    server.latency_seconds = 0.2
    plan = stored_plan(rows=30, url=server.url, rows_per_block=30, in_flight=1)
    with pytest.raises(ExceptionGroup) as ended:
        await work(job_of(plan), keep_alive=keep_alive, every=0.02)
    assert ended.group_contains(Unwanted)
    assert threading.main_thread() not in beats
    assert len(server.asked) < 3


async def test_what_nobody_could_finish_counts_as_far_as_it_came(
    server: ModelServer, another_machine: Callable[[], None]
) -> None:
    job = job_of(stored_plan(url=server.url))
    checkpoint = Checkpoint(job, redelivered=False)
    checkpoint.add(traces.Trace("t", "run", "now", row_id="r1", score=SCORE_SCALE, cost_nanos=7))
    await checkpoint.save_part()
    another_machine()
    salvaged = evaluation.salvage(job)
    assert salvaged.statistics.row_scores() == [None, SCORE_SCALE, None]
    assert (salvaged.statistics.n_rows, salvaged.statistics.cost_nanos) == (3, 7)


def test_the_time_left_keeps_its_reserve_and_is_never_negative() -> None:
    now = time.monotonic()
    assert evaluation.time_left(60_000, 10) - now == pytest.approx(50, abs=0.5)
    assert evaluation.time_left(3_000, 10) - now == pytest.approx(0, abs=0.5)
