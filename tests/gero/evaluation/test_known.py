"""Runs driven batch by batch: what one has asked, the next takes over."""

import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gero import datasets, evaluation, traces
from gero.datasets import Row
from gero.evaluation import Earlier, EvaluationPlan, Finished, known
from gero.evaluation import plan as plans
from gero.kit import blobs, clock
from gero.traces import Trace
from tests.gero.plans import candidate, job_of, some_rows, stored_plan
from tests.model_server import ModelServer


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(lambda model, prompt: prompt.removeprefix("Say input ")).running() as running:
        yield running


@pytest.fixture(autouse=True)
def _own_disk(cloud: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def planned(server: ModelServer, rows: int = 9, **changed: Any) -> EvaluationPlan:
    """A plan whose rows lie in the order of their places, as a planned run's do."""
    plan = stored_plan(rows=rows, url=server.url, **changed)
    ordered = sorted(some_rows(rows), key=lambda row: plans.place(plan.seed, row.input))
    prefix = plans.run_prefix("w", "l", plan.run_id)
    starts, start = [], 0
    for block, size in enumerate(plan.block_rows):
        plans.save_block(prefix, block, [datasets.encode(row) for row in ordered[start : start + size]])
        starts.append(plans.place(plan.seed, ordered[start].input))
        start += size
    plan = msgspec.structs.replace(plan, starts=tuple(starts))
    plans.save(plan)
    return plan


async def work(plan: EvaluationPlan, block: int) -> Finished:
    finished = await evaluation.evaluate(
        job_of(plan, block, number=plan.round_of_block(block)),
        redelivered=False,
        deadline=time.monotonic() + 1000,
        keep_alive=lambda: None,
        every_seconds=60,
    )
    assert finished is not None
    return finished


async def whole(plan: EvaluationPlan) -> list[Finished]:
    return [await work(plan, block) for block in range(plan.blocks)]


def after(server: ModelServer, *earlier: EvaluationPlan, counted: bool = True, **changed: Any) -> EvaluationPlan:
    before = tuple(Earlier(plan.run_id, "a", counted) for plan in earlier)
    again = plans.PlannedCandidate("a", "a", candidate("a", server.url).endpoint, before)
    return planned(server, candidates=(again,), **{"reuse": True, **changed})


def found(finished: Finished) -> list[Trace]:
    return [traces.decode(line) for line in blobs.get_lines(finished.key)]


async def test_what_an_earlier_run_asked_is_not_asked_again_whatever_the_blocks(server: ModelServer) -> None:
    first = planned(server)
    await whole(first)
    second = after(server, first, rows=12, rows_per_block=5)
    done = await whole(second)
    assert len(server.requests) == 12
    assert sum(one.statistics.n_reused for one in done) == 9
    assert sum(one.statistics.paid_nanos for one in done) <= sum(one.statistics.cost_nanos for one in done)
    assert sum(int(one.statistics.seen, 16).bit_count() for one in done) == 9
    reused = [one for batch in done for one in found(batch) if one.reused_from]
    assert {one.reused_from for one in reused} == {first.run_id}
    assert all(one.score == evaluation.SCORE_SCALE and one.latency_ms and one.run_id == second.run_id for one in reused)


async def test_an_answer_names_the_run_that_really_asked_it(server: ModelServer) -> None:
    first = planned(server, rows=3)
    await whole(first)
    second = after(server, first, rows=3)
    await whole(second)
    [third] = await whole(after(server, second, rows=3))
    assert {one.reused_from for one in found(third)} == {first.run_id}
    assert len(server.requests) == 3


async def test_a_fresh_run_asks_again_and_yet_knows_what_is_evidence_already(server: ModelServer) -> None:
    first = planned(server, rows=3)
    await whole(first)
    [again] = await whole(after(server, first, rows=3, reuse=False))
    assert (len(server.requests), again.statistics.n_reused, again.statistics.seen) == (6, 0, "7")


async def test_answers_of_a_run_that_was_cancelled_are_reused_but_are_no_evidence(server: ModelServer) -> None:
    first = planned(server, rows=3)
    await whole(first)
    [again] = await whole(after(server, first, rows=3, counted=False))
    assert (len(server.requests), again.statistics.n_reused, again.statistics.seen) == (3, 3, "0")


async def test_failures_and_old_answers_are_asked_again(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.fault = lambda model, prompt, attempt: 400 if prompt.endswith(" 1") and attempt == 1 else 200
    first = planned(server, rows=3)
    await whole(first)
    second = after(server, first, rows=3)
    [again] = await whole(second)
    assert (server.asked["a", "Say input 1"], again.statistics.n_reused) == (2, 2)
    later = clock.now() + timedelta(days=31)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert known.of_batch(second, second.candidates[0], some_rows(3)).answers == {}


async def test_an_answer_to_another_input_under_the_same_id_is_not_taken(server: ModelServer) -> None:
    first = planned(server, rows=3)
    await whole(first)
    second = after(server, first, rows=3)
    changed = [Row(row.id, f"{row.input}!", row.expected) for row in some_rows(3)]
    assert known.of_batch(second, second.candidates[0], changed) == known.Known()


async def test_changed_expectations_score_the_stored_answer_anew(server: ModelServer) -> None:
    first = planned(server, rows=3)
    await whole(first)
    second = after(server, first, rows=3)
    lines = [datasets.encode(Row(row.id, row.input, ["other"])) for row in plans.load_block(second, 0)]
    plans.save_block(plans.run_prefix("w", "l", second.run_id), 0, lines)
    [again] = await whole(second)
    assert len(server.requests) == 3
    assert again.statistics.row_scores() == [0, 0, 0]
