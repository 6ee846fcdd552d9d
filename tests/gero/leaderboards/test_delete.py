import os

import pytest

from gero import leaderboards, runs, traces
from gero.kit import NotFound, aws, blobs, clock, new_id, table
from gero.leaderboards import Leaderboard
from gero.providers import target
from gero.traces import Feedback, Trace, feedback, manual
from tests.gero.leaderboards.boards import add, board, push
from tests.gero.plans import some_rows, stored_plan

pytestmark = pytest.mark.usefixtures("cloud")


def lived_in() -> Leaderboard:
    """A leaderboard with something of everything."""
    made = board()
    add(made, "a", auth_token="sk-1")
    add(made, "b")
    push(made, some_rows(3))
    run = leaderboards.start_run(made, "manual")
    leaderboards.plan_run(made, run)
    plan = stored_plan(leaderboard_id=made.id, run_id=run.id)
    runs.rounds.dispatch(plan, 1, "token", os.environ["GERO_EVALUATION_QUEUE_URL"])
    runs.cancel(run)
    push(made, some_rows(4)[3:])
    trace = Trace(new_id(), "manual", clock.iso())
    manual.add("w", made.id, [trace], {trace.trace_id})
    feedback.put("w", made.id, traces.locate("w", made.id, [trace.trace_id])[trace.trace_id], Feedback(score=1))
    return made


def items() -> set[tuple[str, str]]:
    found = aws.client("dynamodb").scan(TableName=os.environ["GERO_TABLE"])["Items"]
    return {(item["pk"]["S"], item["sk"]["S"]) for item in found}


def test_a_deleted_leaderboard_is_gone_and_serves_nobody_at_once() -> None:
    made = lived_in()
    leaderboards.delete("w", made.id)
    with pytest.raises(NotFound):
        leaderboards.get("w", made.id)
    assert list(leaderboards.listed("w")) == []
    assert target.load(target.key("w", made.id)) is None
    with pytest.raises(NotFound):
        leaderboards.delete("w", made.id)


def test_nothing_of_it_is_left_after_the_sweep_and_others_keep_everything() -> None:
    other = lived_in()
    kept, objects = items(), list(blobs.keys(""))
    made = lived_in()
    leaderboards.delete("w", made.id)
    assert leaderboards.sweep_deleted() == 1
    assert items() == kept
    assert list(blobs.keys("")) == objects
    assert leaderboards.get("w", other.id) == other
    assert leaderboards.sweep_deleted() == 0


def test_a_sweep_that_was_cut_off_is_finished_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    made = lived_in()
    leaderboards.delete("w", made.id)
    with monkeypatch.context() as crash:
        crash.setattr(table, "delete_many", lambda keys: pytest.fail("crashed"))
        with pytest.raises(pytest.fail.Exception):
            leaderboards.sweep_deleted()
    leaderboards.sweep_deleted()
    assert items() == set()
    assert list(blobs.keys("")) == []


def test_a_leaderboard_of_another_workspace_cannot_be_deleted() -> None:
    made = board("v")
    with pytest.raises(NotFound):
        leaderboards.delete("w", made.id)
    assert leaderboards.get("v", made.id) == made
