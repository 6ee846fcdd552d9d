"""Which earlier runs a run builds on: for answers the newest, for evidence every row exactly once."""

from typing import Any

import pytest
from msgspec.structs import replace

from gero import leaderboards, runs
from gero.evaluation import Earlier, Evaluation
from gero.kit import table
from gero.kit.table import Changes
from gero.leaderboards import Leaderboard, earlier
from tests.gero.plans import candidate, stored_plan

EXACT = Evaluation()
A, B = candidate("a", "http://127.0.0.1:9/v1"), candidate("b", "http://127.0.0.1:9/v1")


@pytest.fixture
def board(made: Leaderboard, monkeypatch: pytest.MonkeyPatch) -> Leaderboard:
    monkeypatch.setattr("gero.kit.workflows.start", lambda name, payload: name)
    return made


def ran(board: Leaderboard, status: str = "completed", *, rows: int = 6, asked: int = 6, **changed: Any) -> str:
    """A run that has ended, which asked `a` so many rows."""
    options = {name: changed.pop(name) for name in ("rows_limit", "dataset_version") if name in changed}
    run = runs.start(board.workspace_id, board.id, source="manual", configuration={}, **options)
    runs.begin(run, dataset={}, cells_total=rows)
    fields: dict[str, Any] = {"prompt": board.system_prompt, "candidates": (A, B), "starts": (1, 2)}
    stored_plan(rows, workspace_id=board.workspace_id, leaderboard_id=board.id, run_id=run.id, **{**fields, **changed})
    entries = [{"candidate_id": "a", "n_rows": asked}]
    runs.finish(runs.get(board.workspace_id, board.id, run.id), status, ranking={"entries": entries})  # type: ignore[arg-type]
    return run.id


def found(board: Leaderboard, **options: Any) -> tuple[Earlier, ...]:
    [one] = earlier.found(leaderboards.get(board.workspace_id, board.id), (A,), EXACT, **options).candidates
    return one.earlier


def test_the_newest_whole_run_is_evidence_for_all_before_it(board: Leaderboard) -> None:
    ran(board)
    newest = ran(board)
    assert found(board)[0] == Earlier(newest, "a", counted=True)
    assert [one.counted for one in found(board)] == [True, False]


def test_runs_that_failed_push_no_evidence_out_of_sight(board: Leaderboard) -> None:
    first = ran(board)
    for _ in range(6):
        ran(board, "failed")
    assert Earlier(first, "a", counted=True) in found(board)
    assert sum(not one.counted for one in found(board)) == 4


@pytest.mark.parametrize("partial", [{"rows_limit": 3}, {"asked": 2}, {"dataset_version": 1}])
def test_a_run_of_a_part_covers_none_before_it(board: Leaderboard, partial: dict[str, Any]) -> None:
    first = ran(board)
    newer = [ran(board, **partial) for _ in range(6)]
    counted = {one.run_id for one in found(board) if one.counted}
    assert counted == {first, *newer}


def test_a_run_that_is_pinned_to_an_older_version_knows_all_runs(board: Leaderboard) -> None:
    both = {ran(board), ran(board)}
    assert {one.run_id for one in found(board, pinned=True) if one.counted} == both


def test_what_was_scored_otherwise_lends_answers_and_no_evidence(board: Leaderboard) -> None:
    ran(board, evaluation=Evaluation(normalizers=("number",)))
    assert [one.counted for one in found(board)] == [False]


@pytest.mark.parametrize(
    "changed",
    [
        {"prompt": "Another {input}"},
        {"candidates": (replace(A, endpoint=replace(A.endpoint, parameters={"temperature": 1})), B)},
        {"starts": ()},
    ],
)
def test_another_prompt_or_model_or_an_order_of_before_is_nothing_to_build_on(
    board: Leaderboard, changed: dict[str, Any]
) -> None:
    ran(board, **changed)
    assert found(board) == ()


def test_a_key_or_a_price_makes_no_other_model(board: Leaderboard) -> None:
    dearer = replace(A, id="old", endpoint=replace(A.endpoint, sealed_secret="x", output_nanos_per_million=9))
    run_id = ran(board, candidates=(dearer, B))
    assert found(board) == (Earlier(run_id, "old", counted=True),)


def test_with_too_many_partial_runs_evidence_begins_anew(board: Leaderboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(earlier, "MOST_COUNTED", 3)
    for _ in range(3):
        last = ran(board, rows_limit=2)
    key = (f"WS#{board.workspace_id}", f"LB#{board.id}")
    known = leaderboards.get(board.workspace_id, board.id).model_copy(update={"latest_run_id": last})
    table.update(*key, Changes(set={"doc": known.model_dump_json()}))
    assert earlier.found(known, (A,), EXACT).evidence_from == last
    ran(board, rows_limit=2)
    assert earlier.found(known, (A,), EXACT).evidence_from is None
