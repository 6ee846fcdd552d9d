import pytest

from functions.finish_run.handler import handler as finish_run
from functions.open_review.handler import handler
from gero import leaderboards, reviews, runs
from gero.kit import Conflict
from gero.leaderboards import LeaderboardPatch
from gero.reviews import Opinion
from gero.runs import Run
from tests.functions.conftest import Ready
from tests.functions.context import Context
from tests.functions.workflow import ranked, started

pytestmark = pytest.mark.usefixtures("woken")


@pytest.fixture
def human(ready: Ready) -> Ready:
    """The leaderboard that is ready to run, with people as its judges."""
    ready.models.answer = lambda model, prompt: f"{model}: {prompt[-9:]}"
    leaderboards.patch(ready.workspace, ready.leaderboard.id, LeaderboardPatch(eval_type="human"))
    return ready


def reviewing(ready: Ready, context: Context) -> Run:
    run = ranked(ready)
    handler(ready.event("open_review", "last_round", run=run.id), context)
    return runs.get(run.workspace_id, run.leaderboard_id, run.id)


def vote(ready: Ready, winner: str) -> None:
    while shown := reviews.next_item(reviews.current(ready.workspace, ready.leaderboard.id), "ann").shown:
        verdict = Opinion("a" if shown.a.startswith(winner) else "b")
        reviews.give(reviews.current(ready.workspace, ready.leaderboard.id), shown.item_id, "ann", verdict)


def test_a_run_waits_with_its_answers_up_for_review(human: Ready, context: Context, woken: list[str]) -> None:
    run = reviewing(human, context)
    assert run.status == "reviewing"
    queue = reviews.current(human.workspace, human.leaderboard.id)
    assert (queue.run_id, queue.rows, set(queue.contenders)) == (run.id, 3, {human.good, human.bad})
    assert queue.waits
    assert woken == []


def test_people_decide_which_model_goes_into_production(human: Ready, context: Context, woken: list[str]) -> None:
    run = reviewing(human, context)
    vote(human, "bad")
    assert woken == ["REVIEW-TOKEN"]
    finish_run(human.event("finish_run", "ranked", run=run.id), context)
    done = runs.get(run.workspace_id, run.leaderboard_id, run.id)
    assert done.status == "completed"
    assert done.ranking
    assert [entry["name"] for entry in done.ranking["entries"]] == ["bad", "good"]
    assert done.ranking["human"]["votes"] == 3
    production = leaderboards.get(human.workspace, human.leaderboard.id).production
    assert production
    assert production.name == "bad"


def test_opening_twice_keeps_the_review_and_waits_under_the_newer_token(human: Ready, context: Context) -> None:
    run = reviewing(human, context)
    before = reviews.current(human.workspace, human.leaderboard.id)
    again = human.event("open_review", "last_round", run=run.id) | {"task_token": "NEWER"}
    handler(again, context)
    found = reviews.current(human.workspace, human.leaderboard.id)
    assert (found.secret, found.task_token) == (before.secret, "NEWER")


def test_the_review_of_a_run_that_was_cancelled_is_closed(human: Ready, context: Context) -> None:
    run = reviewing(human, context)
    runs.cancel(run)
    assert reviews.current(human.workspace, human.leaderboard.id).end == "ended"
    with pytest.raises(Conflict, match="cancelled"):
        handler(human.event("open_review", "last_round", run=run.id), context)


def test_a_run_that_has_not_answered_yet_has_nothing_to_review(human: Ready, context: Context) -> None:
    run = started(human)
    with pytest.raises(Exception, match="no plan"):
        handler(human.event("open_review", "last_round", run=run.id), context)
