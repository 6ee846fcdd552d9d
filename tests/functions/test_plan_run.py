from pathlib import Path

import pytest

from functions.plan_run.handler import handler
from gero import datasets, leaderboards, runs
from gero.evaluation import plan as plans
from gero.kit import Conflict, Invalid
from gero.leaderboards import LeaderboardPatch
from tests.functions.conftest import ROWS, Ready
from tests.functions.context import Context
from tests.functions.workflow import started


def test_a_plan_freezes_the_dataset_and_the_first_round_comes_next(ready: Ready, context: Context) -> None:
    run = started(ready)
    answer = handler(ready.event("plan_run", "started", run=run.id), context)
    assert answer["round"] == 1
    version = datasets.latest_version(ready.workspace, ready.leaderboard.id)
    assert version
    assert (version.number, version.rows) == (1, len(ROWS))
    assert version.source["commit"], "the revision that was really read is recorded"
    planned = runs.get(ready.workspace, ready.leaderboard.id, run.id)
    assert planned.status == "running"
    assert planned.cells_total == 2 * len(ROWS)
    assert planned.dataset
    assert planned.dataset["sha256"] == version.sha256


def test_planning_again_plans_the_same_rows_in_the_same_order(ready: Ready, context: Context) -> None:
    run = started(ready)
    event = ready.event("plan_run", "started", run=run.id)
    handler(event, context)
    first = plans.load_block(plans.load(ready.workspace, ready.leaderboard.id, run.id), 0)
    handler(event, context)
    assert plans.load_block(plans.load(ready.workspace, ready.leaderboard.id, run.id), 0) == first


def test_faulty_lines_are_told_with_their_numbers(ready: Ready, context: Context, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"input": "a", "output": "b"}\n{"output": "no input"}\n{broken\n')
    run = started(ready)
    with pytest.raises(Invalid, match="line 2: input: a row needs one of") as caught:
        handler(ready.event("plan_run", "started", run=run.id), context)
    assert [fault["line"] for fault in caught.value.details["errors"]] == [2, 3]


def test_a_row_without_an_answer_cannot_be_scored_exactly(ready: Ready, context: Context, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"id": "x", "input": "a"}\n')
    run = started(ready)
    with pytest.raises(Invalid, match="row 'x' has no expected answer"):
        handler(ready.event("plan_run", "started", run=run.id), context)


def test_a_cancelled_run_is_not_planned_into_life_again(ready: Ready, context: Context) -> None:
    run = started(ready)
    runs.cancel(run)
    with pytest.raises(Conflict, match="cancelled already"):
        handler(ready.event("plan_run", "started", run=run.id), context)
    assert datasets.latest_version(ready.workspace, ready.leaderboard.id) is None


def test_a_change_of_the_prompt_does_not_touch_a_run_that_was_started(ready: Ready, context: Context) -> None:
    run = started(ready)
    leaderboards.patch(ready.workspace, ready.leaderboard.id, LeaderboardPatch(system_prompt="Another?"))
    handler(ready.event("plan_run", "started", run=run.id), context)
    assert plans.load(ready.workspace, ready.leaderboard.id, run.id).prompt == "Which team?"
