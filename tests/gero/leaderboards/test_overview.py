"""Where the leaderboards of a workspace stand, read for a list."""

import pytest

from gero import leaderboards, runs
from gero.datasets import parse
from gero.kit import Conflict, NotFound
from gero.leaderboards import Overview, candidates
from tests.gero.leaderboards.boards import URL, add, board, push

pytestmark = pytest.mark.usefixtures("cloud")


def one(leaderboard_id: str) -> Overview:
    return next(found for found in leaderboards.overviews("w") if found.leaderboard.id == leaderboard_id)


def test_without_a_run_models_and_accepted_rows_are_told() -> None:
    made = board()
    assert (one(made.id).run, one(made.id).models, one(made.id).accepted_rows) == (None, 0, 0)
    first = add(made, "a")
    add(made, "b")
    push(made, [parse({"input": f"row {number}"}) for number in range(3)])
    assert (one(made.id).models, one(made.id).accepted_rows) == (2, 3)
    candidates.remove("w", made.id, first.id)
    assert one(made.id).models == 1


def test_a_candidate_that_cannot_be_added_or_is_gone_is_not_counted() -> None:
    made = board()
    added = add(made, "a")
    with pytest.raises(Conflict):
        add(made, "a")
    candidates.remove("w", made.id, added.id)
    with pytest.raises(NotFound):
        candidates.remove("w", made.id, added.id)
    assert one(made.id).models == 0


def test_the_newest_run_is_told_as_it_is_now() -> None:
    made = board(dataset_type="GET", dataset_url=URL)
    other = board()
    for model in "ab":
        add(made, model)
    first = leaderboards.start_run(made, "manual")
    told = one(made.id).run
    assert told
    assert (told.id, told.status, told.active, told.source) == (first.id, "queued", True, "manual")
    runs.finish(first, "failed", error="it broke")
    ended = one(made.id).run
    assert ended
    assert (ended.status, ended.active, ended.cost_nanos) == ("failed", False, 0)
    assert ended.finished_at
    second = leaderboards.start_run(made, "schedule")
    newest = one(made.id).run
    assert newest
    assert (newest.id, newest.source) == (second.id, "schedule")
    assert one(other.id).run is None


def test_a_run_that_is_refused_is_not_the_newest() -> None:
    made = board(dataset_type="GET", dataset_url=URL)
    for model in "ab":
        add(made, model)
    first = leaderboards.start_run(made, "manual")
    with pytest.raises(Conflict):
        leaderboards.start_run(made, "manual")
    told = one(made.id).run
    assert told
    assert told.id == first.id


def test_pages_follow_each_other_without_gap_also_when_one_is_deleted_meanwhile() -> None:
    ids = [board(name=f"Board {number}").id for number in range(7)]
    newest_first = ids[::-1]
    page = [found.leaderboard.id for found in leaderboards.overviews("w", limit=3)]
    assert page == newest_first[:3]
    leaderboards.delete("w", page[-1])
    following = [found.leaderboard.id for found in leaderboards.overviews("w", before=page[-1], limit=3)]
    assert following == newest_first[3:6]
    last = [found.leaderboard.id for found in leaderboards.overviews("w", before=following[-1], limit=3)]
    assert last == newest_first[6:]
