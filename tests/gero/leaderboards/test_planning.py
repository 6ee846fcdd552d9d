from pathlib import Path
from typing import Any

import pytest

from gero import datasets, evaluation, leaderboards, runs
from gero.kit import Conflict, Invalid
from gero.leaderboards import Leaderboard, LeaderboardPatch, forecast
from tests.gero.leaderboards.boards import URL, add, board, push
from tests.gero.plans import some_rows
from tests.hub_server import hub_with

pytestmark = pytest.mark.usefixtures("cloud")


def ready(**fields: Any) -> Leaderboard:
    made = board(**fields)
    add(made, "a")
    add(made, "b")
    return made


def test_a_run_needs_two_models() -> None:
    made = board()
    add(made, "a")
    with pytest.raises(Conflict) as refused:
        leaderboards.start_run(made, "manual")
    assert refused.value.code == "too_few_models"
    assert runs.active_run_id("w", made.id) is None


def test_a_plan_fixes_rows_models_and_scoring_and_the_run_shows_them() -> None:
    made = ready(normalizers=["case"], concurrency=3)
    push(made, some_rows(10))
    run = leaderboards.start_run(made, "manual", rows_limit=7)
    plan = leaderboards.plan_run(made, run)
    assert evaluation.plan.load("w", made.id, run.id) == plan
    assert (plan.rows, plan.in_flight, plan.evaluation.normalizers) == (7, 3, ("case",))
    assert [one.name for one in plan.candidates] == ["a", "b"]
    planned = runs.get("w", made.id, run.id)
    assert (planned.status, planned.cells_total) == ("running", 14)
    assert planned.dataset is not None
    assert (planned.dataset["version"], planned.dataset["rows"]) == (1, 10)
    assert "key" not in planned.dataset


def test_planning_again_is_the_same_plan() -> None:
    made = ready()
    push(made, some_rows(10))
    run = leaderboards.start_run(made, "manual", rows_limit=5)
    first = leaderboards.plan_run(made, run)
    rows = evaluation.plan.load_block(first, 0)
    assert leaderboards.plan_run(made, run) == first
    assert evaluation.plan.load_block(first, 0) == rows


def test_a_run_pinned_to_a_version_takes_its_rows_and_leaves_newer_ones_alone() -> None:
    made = ready()
    push(made, some_rows(3))
    first = leaderboards.start_run(made, "manual")
    leaderboards.plan_run(made, first)
    runs.finish(first, "completed")
    push(made, some_rows(8)[3:])
    plan = leaderboards.plan_run(made, leaderboards.start_run(made, "manual", dataset_version=1))
    assert (plan.rows, plan.dataset["version"]) == (3, 1)
    assert [one.number for one in datasets.versions("w", made.id)] == [1]


def test_a_version_that_is_not_there_is_refused_by_its_field_and_no_run_is_started() -> None:
    made = ready()
    with pytest.raises(Invalid, match="no version 1; choose one") as refused:
        leaderboards.start_run(made, "manual", dataset_version=1)
    assert refused.value.details == {"field": "dataset_version"}
    assert runs.active_run_id("w", made.id) is None


def test_a_version_without_rows_is_neither_run_nor_forecast() -> None:
    made = ready()
    push(made, some_rows(1))
    datasets.remove("w", made.id, some_rows(1)[0].id, made.rules())
    version = datasets.consolidate("w", made.id, made.rules())
    assert version is not None
    assert version.rows == 0
    with pytest.raises(Conflict, match="version 1 of the dataset has no rows"):
        leaderboards.start_run(made, "manual", dataset_version=1)
    with pytest.raises(Conflict, match="version 1 of the dataset has no rows"):
        forecast.forecast(made, {"dataset_version": 1})


def test_what_changes_after_the_start_is_for_the_next_run() -> None:
    made = ready()
    push(made, some_rows(3))
    run = leaderboards.start_run(made, "manual")
    changed = leaderboards.patch("w", made.id, LeaderboardPatch(system_prompt="Changed", normalizers=["number"]))
    add(made, "c")
    plan = leaderboards.plan_run(changed, run)
    assert (plan.prompt, plan.evaluation.normalizers) == ("Say {input}", ("whitespace",))
    assert [one.name for one in plan.candidates] == ["a", "b"]


def test_a_cancelled_run_is_not_planned() -> None:
    made = ready()
    push(made, some_rows(3))
    run = leaderboards.start_run(made, "manual")
    runs.cancel(run)
    with pytest.raises(Conflict):
        leaderboards.plan_run(made, run)


def test_a_dataset_without_rows_is_told_to_push_some() -> None:
    made = ready()
    with pytest.raises(Invalid, match="push some first"):
        leaderboards.plan_run(made, leaderboards.start_run(made, "manual"))


def test_a_dataset_of_the_hub_is_frozen_with_its_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"input": "a", "answer": "b"}\n{"input": "c", "answer": "d"}\n')
    with hub_with(path) as (hub_url, dataset_url):
        monkeypatch.setenv("HF_ENDPOINT", hub_url)
        made = ready(dataset_type="GET", dataset_url=dataset_url)
        plan = leaderboards.plan_run(made, leaderboards.start_run(made, "manual"))
    assert plan.rows == 2
    assert plan.dataset["source"]["repo"] == "test/rows"
    assert len(plan.dataset["source"]["commit"]) == 40


def test_a_faulty_line_of_the_hub_stops_the_run_with_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"input": "a", "answer": "b"}\n{"input": ""}\n')
    with hub_with(path) as (hub_url, dataset_url):
        monkeypatch.setenv("HF_ENDPOINT", hub_url)
        made = ready(dataset_type="GET", dataset_url=dataset_url)
        with pytest.raises(Invalid, match="line 2: input: must not be empty"):
            leaderboards.plan_run(made, leaderboards.start_run(made, "manual"))
    assert datasets.latest_version("w", made.id) is None


def test_a_run_keeps_pushed_rows_by_the_rules_of_now_not_of_its_start() -> None:
    made = ready(max_samples_to_gather=2)
    push(made, some_rows(1))
    run = leaderboards.start_run(made, "manual")
    changed = leaderboards.patch("w", made.id, LeaderboardPatch(max_samples_to_gather=100))
    push(made, some_rows(6))
    assert leaderboards.plan_run(changed, run).rows == 6


def test_a_dataset_does_not_change_its_type_under_a_run() -> None:
    made = ready(dataset_type="GET", dataset_url=URL)
    run = leaderboards.start_run(made, "manual")
    to_push = LeaderboardPatch.model_validate({"dataset_type": "PUSH", "dataset_url": None})
    with pytest.raises(Conflict) as refused:
        leaderboards.patch("w", made.id, to_push)
    assert refused.value.code == "run_active"
    runs.cancel(run)
    assert leaderboards.patch("w", made.id, to_push).dataset_type == "PUSH"
