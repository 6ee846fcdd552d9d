"""The matrix of a run, by the statistics of its batches."""

from typing import Any

import pytest

from gero import evaluation, runs
from gero.evaluation import BatchJob, BatchStatistics, EvaluationPlan, Finished, pack_scores, results
from gero.kit import Conflict, NotFound, table
from gero.kit.table import Changes
from gero.runs import Matrix
from gero.traces import SCORE_SCALE, Trace
from tests.gero.plans import job_of, stored_plan

pytestmark = pytest.mark.usefixtures("cloud")
RIGHT, WRONG = SCORE_SCALE, 0


def opened(**changed: Any) -> EvaluationPlan:
    """A run of four blocks in two rounds, whose rounds wait for batches."""
    plan = stored_plan(rows=12, **changed)
    for number in (1, 2):
        table.update(f"WS#w#RUN#{plan.run_id}", f"ROUND#{number:03}", Changes(set={"total": 99, "done": 0}))
    return plan


def job(plan: EvaluationPlan, block: int, candidate: str) -> BatchJob:
    return job_of(plan, block, candidate, plan.round_of_block(block))


def done(plan: EvaluationPlan, block: int, candidate: str, *scores: int | None, key: str = "k", **more: Any) -> None:
    number = plan.round_of_block(block)
    statistics = BatchStatistics(candidate, number, block, len(scores), pack_scores(scores), **more)
    runs.rounds.take(job(plan, block, candidate), Finished(key, len(scores), statistics, None))


def page(plan: EvaluationPlan, **wanted: Any) -> Matrix:
    return runs.matrix.matrix(plan.workspace_id, plan.leaderboard_id, plan.run_id, **wanted)


def verdicts(found: Matrix) -> dict[str, list[str]]:
    return {one.row.id: [cell.verdict for cell in one.cells] for one in found.rows}


def every(plan: EvaluationPlan, **wanted: Any) -> list[str]:
    """The rows of all pages, one after the other."""
    names, after = [], None
    while True:
        found = page(plan, after=after, **wanted)
        names += [one.row.id for one in found.rows]
        after = found.after
        if after is None:
            return names


def test_each_kind_of_answer_has_its_verdict() -> None:
    plan = opened()
    done(plan, 0, "a", RIGHT, SCORE_SCALE // 4, None)
    done(plan, 0, "b", WRONG, WRONG, RIGHT, n_errors=1, failed="2")
    found = page(plan)
    assert verdicts(found) == {"r0": ["right", "wrong"], "r1": ["partial", "error"], "r2": ["unscored", "right"]}
    assert [cell.score for cell in found.rows[1].cells] == [0.25, 0.0]


def test_a_run_under_way_shows_the_rows_that_some_model_has_answered() -> None:
    plan = opened()
    assert page(plan).rows == ()
    done(plan, 2, "b", RIGHT, RIGHT, WRONG)
    assert verdicts(page(plan)) == {
        "r6": ["not_asked", "right"],
        "r7": ["not_asked", "right"],
        "r8": ["not_asked", "wrong"],
    }


def test_a_model_that_a_race_dropped_was_not_asked_from_then_on() -> None:
    plan = opened()
    for block in range(4):
        done(plan, block, "a", RIGHT, RIGHT, RIGHT)
        if block < 2:
            done(plan, block, "b", WRONG, WRONG, RIGHT)
    assert verdicts(page(plan))["r11"] == ["right", "not_asked"]
    assert every(plan, show="disagreements") == ["r0", "r1", "r3", "r4"], "who was not asked contradicts nobody"


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 100])
@pytest.mark.parametrize("batches_a_page", [1, 2, 1000])
def test_pages_of_every_size_show_the_same_rows(
    limit: int, batches_a_page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs.matrix, "_BATCHES_A_PAGE", batches_a_page)
    plan = opened()
    done(plan, 0, "a", RIGHT, WRONG, RIGHT)
    done(plan, 0, "b", RIGHT, RIGHT, RIGHT)
    done(plan, 1, "a", RIGHT, RIGHT, RIGHT)
    done(plan, 3, "a", WRONG, RIGHT, WRONG)
    done(plan, 3, "b", WRONG, WRONG, None)
    assert every(plan, limit=limit) == ["r0", "r1", "r2", "r3", "r4", "r5", "r9", "r10", "r11"]
    assert every(plan, limit=limit, show="failures") == ["r1", "r9", "r10", "r11"]
    assert every(plan, limit=limit, show="failures", model_id="b") == ["r9", "r10"]
    assert every(plan, limit=limit, show="disagreements") == ["r1", "r10"]
    assert every(plan, limit=limit, show="disagreements", model_id="b") == ["r10"], "the one that is worse"


def test_of_two_deliveries_of_a_batch_the_answers_are_shown_that_were_counted() -> None:
    plan = opened()
    rows = evaluation.plan.load_block(plan, 0)
    told = {}
    for said in ("not counted", "counted"):
        answers = {one.id: Trace("t", "run", "2026-01-01T00:00:00Z", output=said, row_id=one.id) for one in rows}
        told[said] = results.save(job(plan, 0, "a"), rows, answers)
    done(plan, 0, "a", RIGHT, RIGHT, RIGHT, key=told["counted"])
    found = runs.matrix.answered("w", "l", plan.run_id, "0-2", "a")
    assert (found.row.id, found.trace.output, found.name) == ("r2", "counted", "a")
    with pytest.raises(NotFound, match="b was not asked row 'r2'"):
        runs.matrix.answered("w", "l", plan.run_id, "0-2", "b")


@pytest.mark.parametrize("place", ["9-0", "0-3", "x", "0", "-1-0", "1" * 30])
def test_there_is_nothing_beside_the_rows(place: str) -> None:
    with pytest.raises(NotFound):
        runs.matrix.answered("w", "l", opened().run_id, place, "a")


def test_without_a_plan_there_are_no_rows() -> None:
    with pytest.raises(Conflict, match="not planned"):
        runs.matrix.matrix("w", "l", "nothing")
