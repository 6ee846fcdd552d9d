from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Unpack

import msgspec
import pytest

from gero import runs
from gero.kit import Conflict, NotFound, Unavailable, clock, conditions, new_id, table, workflows
from gero.kit.table import Changes, Write
from gero.runs import Options, Progress, Run
from gero.runs.run import partition
from tests.gero.faults import Faults

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def board() -> str:
    return new_id()


def start(board: str, **more: Unpack[Options]) -> Run:
    return runs.start("w", board, source="manual", configuration={"leaderboard": {"name": "x"}, "models": []}, **more)


def later(monkeypatch: pytest.MonkeyPatch, **delta: int) -> None:
    moment = clock.now() + timedelta(**delta)
    monkeypatch.setattr(clock, "now", lambda: moment)


def test_a_started_run_waits_in_the_queue_with_what_it_was_asked_to_do(board: str) -> None:
    run = start(board, rows_limit=7, algorithm="LAST_N", dataset_version=3, accepted_rows=40)
    assert runs.get("w", board, run.id) == run
    assert (run.status, run.active, run.rows_limit) == ("queued", True, 7)
    assert (run.algorithm, run.dataset_version, run.accepted_rows) == ("LAST_N", 3, 40)
    assert runs.configuration(run) == {"leaderboard": {"name": "x"}, "models": []}
    assert runs.active_run_id("w", board) == run.id
    assert workflows.status(run.id) == "RUNNING"


def test_a_second_run_is_refused_by_the_id_of_the_first_and_other_leaderboards_are_free(board: str) -> None:
    first = start(board)
    with pytest.raises(Conflict) as refused:
        start(board)
    assert (refused.value.code, refused.value.details["run_id"]) == ("run_active", first.id)
    start(new_id())
    assert [run.id for run in runs.listed("w", board, 10)] == [first.id]


@pytest.mark.usefixtures("atomic_cloud")
def test_of_many_starts_at_once_one_wins(board: str) -> None:
    def attempt(_: int) -> Run | None:
        try:
            return start(board)
        except Conflict:
            return None

    with ThreadPoolExecutor(8) as pool:
        won = [run for run in pool.map(attempt, range(16)) if run]
    assert len(won) == 1
    assert runs.active_run_id("w", board) == won[0].id
    assert len(list(runs.listed("w", board, 100))) == 1


def test_a_run_lives_from_begin_to_finish(board: str) -> None:
    run = start(board)
    runs.begin(run, dataset={"version": 3}, cells_total=40)
    runs.show_ranking(run, {"entries": []}, 9)
    running = runs.get("w", board, run.id)
    assert (running.status, running.dataset, running.ranking) == ("running", {"version": 3}, {"entries": []})
    assert running.started_at
    assert runs.finish(run, "completed", ranking={"entries": [1]}, decision={"action": "first"})
    ended = runs.get("w", board, run.id)
    assert (ended.status, ended.active, ended.decision) == ("completed", False, {"action": "first"})
    assert (ended.ranking, ended.error, ended.cells_total) == ({"entries": [1]}, None, 9)
    assert runs.active_run_id("w", board) is None
    start(board)


def test_a_list_of_runs_reads_no_rankings_but_what_they_say_in_short(board: str) -> None:
    run = start(board)
    runs.show_ranking(run, {"entries": [1], "outline": {"leader": "a"}}, 9)
    assert [(one.ranking, one.outline) for one in runs.listed("w", board, 10)] == [(None, {"leader": "a"})]
    assert runs.finish(run, "completed", ranking={"entries": [2], "outline": {"leader": "b"}})
    ended = runs.get("w", board, run.id)
    assert (ended.ranking, ended.outline) == ({"entries": [2]}, {"leader": "b"})
    (listed,) = runs.listed("w", board, 10)
    assert (listed.id, listed.status, listed.outline) == (run.id, "completed", {"leader": "b"})


def test_a_ranking_is_small_and_one_of_before_is_still_read(board: str) -> None:
    run, key = start(board), partition("w", board)
    ranking = {"entries": [{"candidate_id": new_id()[:8], "score": 0.5, "n_rows": 300} for _ in range(50)]}
    runs.show_ranking(run, ranking, 9)
    kept = (table.get(key, f"RUN#{run.id}") or {})["ranking"]
    text = msgspec.json.encode(ranking)
    assert len(kept) < len(text) / 2
    table.update(key, f"RUN#{run.id}", Changes(set={"ranking": text.decode()}))
    assert runs.get("w", board, run.id).ranking == ranking


def test_a_run_ends_once_and_never_unlocks_its_successor(board: str) -> None:
    first = start(board)
    assert runs.finish(first, "failed", error="why")
    second = start(board)
    assert not runs.finish(first, "completed", ranking={})
    assert runs.get("w", board, first.id).error == "why"
    assert runs.active_run_id("w", board) == second.id


def test_an_ended_run_neither_begins_nor_shows_a_ranking(board: str) -> None:
    run = start(board)
    runs.finish(run, "cancelled")
    with pytest.raises(Conflict):
        runs.begin(run, dataset={}, cells_total=1)
    with pytest.raises(Conflict):
        runs.show_ranking(run, {}, 9)
    assert runs.get("w", board, run.id).status == "cancelled"


@pytest.mark.usefixtures("atomic_cloud")
def test_of_many_ends_at_once_one_counts(board: str) -> None:
    run = start(board)
    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(lambda status: runs.finish(run, status), ["completed", "failed", "cancelled"] * 4))
    assert ended.count(True) == 1


def test_what_belongs_to_the_end_is_written_with_it_or_not_at_all(board: str) -> None:
    run = start(board)
    refused = Write(key=("p", "s"), changes=Changes(set={"a": 1}), condition=conditions.present())
    assert not runs.finish(run, "completed", also=[refused])
    assert runs.get("w", board, run.id).active
    assert runs.finish(run, "completed", also=[Write({"pk": "p", "sk": "s"})])
    assert table.get("p", "s") == {"pk": "p", "sk": "s"}


def test_cancelling_stops_the_workflow_frees_the_leaderboard_and_works_once(board: str) -> None:
    run = start(board)
    assert runs.cancel(run).status == "cancelled"
    assert workflows.status(run.id) == "ABORTED"
    with pytest.raises(Conflict) as refused:
        runs.cancel(run)
    assert refused.value.code == "run_ended"
    start(board)


def test_a_run_whose_workflow_cannot_start_is_failed_and_unlocks(board: str, faults: Faults) -> None:
    faults.fail("stepfunctions", "StartExecution", 1, "AccessDeniedException")
    with pytest.raises(Unavailable):
        start(board)
    failed = next(runs.listed("w", board, 1))
    assert failed.status == "failed"
    assert "could not be started" in str(failed.error)
    start(board)


def test_a_run_is_planned_while_it_may_be_and_once_it_was(board: str) -> None:
    begun, cancelled = start(board), start(new_id())
    runs.begin(begun, dataset={}, cells_total=1)
    assert cancelled.planned
    for run, planned in ((begun, True), (cancelled, False)):
        runs.finish(run, "failed")
        assert runs.get("w", run.leaderboard_id, run.id).planned is planned


def test_progress_adds_up_over_rounds(board: str) -> None:
    run = start(board)
    for number, cells in ((1, 30), (2, 12)):
        key = (f"WS#w#RUN#{run.id}", f"ROUND#{number:03}")
        table.update(*key, Changes(add={"cells_done": cells, "errors": 1, "cost_nanos": 10}))
    runs.begin(run, dataset={}, cells_total=60)
    assert runs.progress(runs.get("w", board, run.id)) == Progress(60, 42, 2, 20)


def test_a_run_is_found_in_its_own_workspace_and_leaderboard_only(board: str) -> None:
    run = start(board)
    for owner in (("v", board), ("w", new_id())):
        with pytest.raises(NotFound):
            runs.get(*owner, run.id)


def test_runs_are_listed_newest_first(board: str) -> None:
    made = []
    for _ in range(3):
        made.append(start(board))
        runs.finish(made[-1], "completed")
    assert [run.id for run in runs.listed("w", board, 2)] == sorted((run.id for run in made), reverse=True)[:2]


def test_a_young_run_is_left_alone(board: str) -> None:
    start(board)
    assert runs.look_after() == 0


def test_a_run_whose_workflow_was_never_started_is_started_again(board: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as crash:
        crash.setattr(workflows, "start", lambda *_: "crashed before it")
        run = start(board)
    assert workflows.status(run.id) is None
    later(monkeypatch, minutes=11)
    assert runs.look_after() == 1
    assert workflows.status(run.id) == "RUNNING"
    assert runs.look_after() == 0  # postponed


def test_a_run_whose_workflow_died_is_failed_and_unlocks(board: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = start(board)
    workflows.stop(run.id, "by somebody else")
    later(monkeypatch, minutes=11)
    runs.look_after()
    failed = runs.get("w", board, run.id)
    assert failed.status == "failed"
    assert "ABORTED" in str(failed.error)
    assert runs.active_run_id("w", board) is None
    assert runs.look_after() == 0


def test_a_healthy_run_is_looked_at_again_later_and_an_ended_one_never(
    board: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start(board)
    for _ in range(2):
        later(monkeypatch, minutes=11)
        assert runs.look_after() == 1
    assert runs.get("w", board, run.id).active
    runs.finish(run, "completed")
    later(monkeypatch, minutes=11)
    assert runs.look_after() == 0


def test_one_run_in_trouble_does_not_keep_the_others_waiting(
    board: str, monkeypatch: pytest.MonkeyPatch, faults: Faults
) -> None:
    both = [start(board), start(new_id())]
    for run in both:
        workflows.stop(run.id, "gone")
    later(monkeypatch, minutes=11)
    faults.fail("stepfunctions", "DescribeExecution", 1, "AccessDeniedException")
    assert runs.look_after() == 2
    assert sum(not runs.get("w", run.leaderboard_id, run.id).active for run in both) == 1
