import pytest

from functions.evaluate_batch.handler import handler
from gero import evaluation, leaderboards, runs, traces
from gero.kit import table
from gero.leaderboards import LeaderboardPatch
from gero.providers import PATIENCE_SECONDS
from gero.runs import Run
from tests.functions.conftest import ROWS, Ready
from tests.functions.context import Context
from tests.functions.workflow import batch, dispatched, evaluated, received

DONE: dict[str, list[str]] = {"batchItemFailures": []}


def batches(ready: Ready, run: Run) -> dict[str, evaluation.BatchStatistics]:
    found = (statistics for statistics, _ in runs.rounds.batches(ready.workspace, run.id, 1))
    return {statistics.candidate_id: statistics for statistics in found}


def test_a_batch_is_asked_scored_counted_and_traced(ready: Ready) -> None:
    run = evaluated(ready)
    good, bad = batches(ready, run)[ready.good], batches(ready, run)[ready.bad]
    assert good.row_scores() == [evaluation.SCORE_SCALE] * 3
    assert sum(score or 0 for score in bad.row_scores()) == evaluation.SCORE_SCALE
    progress = runs.progress(runs.get(ready.workspace, ready.leaderboard.id, run.id))
    assert (progress.cells_done, progress.errors) == (6, 0)
    page = traces.find(ready.workspace, ready.leaderboard.id, limit=10, offset=0, batch_limit=9, run_id=run.id)
    assert len(page.traces) == 2 * len(ROWS)
    assert {trace.model for trace in page.traces} == {"good", "bad"}


def test_the_model_gets_the_rendered_prompt_and_the_secret(ready: Ready) -> None:
    evaluated(ready)
    request = ready.models.requests[0]
    assert request["body"]["messages"][0]["content"].startswith("Which team?\n\n")
    assert request["headers"]["authorization"] == "Bearer sk-secret"


def test_a_redelivered_message_asks_nothing_and_counts_nothing(ready: Ready, context: Context) -> None:
    run = evaluated(ready)
    asked = len(ready.models.requests)
    event = batch(ready, "redelivered", run, ready.good)
    assert handler(event, context) == DONE
    assert len(ready.models.requests) == asked
    assert runs.progress(runs.get(ready.workspace, ready.leaderboard.id, run.id)).cells_done == 6


def test_a_model_that_fails_scores_nothing_and_the_batch_is_done(ready: Ready, context: Context) -> None:
    ready.models.fault = lambda model, prompt, attempt: 400
    run = dispatched(ready)
    event = batch(ready, "one_batch", run, ready.good)
    assert handler(event, context) == DONE
    (statistics,) = batches(ready, run).values()
    assert statistics.n_errors == 3
    assert statistics.row_scores() == [0, 0, 0]


def test_passing_faults_are_tried_again_and_cost_no_row(ready: Ready, context: Context) -> None:
    ready.models.fault = lambda model, prompt, attempt: 429 if attempt == 1 else 200
    run = dispatched(ready)
    assert handler(batch(ready, "one_batch", run, ready.good), context) == DONE
    (statistics,) = batches(ready, run).values()
    assert (statistics.n_errors, sum(score or 0 for score in statistics.row_scores())) == (
        0,
        3 * evaluation.SCORE_SCALE,
    )
    assert ready.models.repeated == 0


def test_what_time_does_not_allow_is_handed_back_and_nothing_is_asked_twice(
    ready: Ready, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_at_a_time = LeaderboardPatch(concurrency=1)
    leaderboards.patch(ready.workspace, ready.leaderboard.id, one_at_a_time)
    run = dispatched(ready)
    (record,) = received()
    ready.models.latency_seconds = 0.3
    enough_for_one_row = 1000 * (PATIENCE_SECONDS + 10) + 200
    monkeypatch.setattr(context, "get_remaining_time_in_millis", lambda: enough_for_one_row)
    assert handler({"Records": [record]}, context) == DONE
    assert not batches(ready, run), "the batch is not done"
    assert len(ready.models.requests) == 1
    monkeypatch.setattr(context, "get_remaining_time_in_millis", lambda: 2 * enough_for_one_row)
    event = {"Records": [record | {"body": record["body"].replace('"candidate_id"', '"parts":1,"candidate_id"')}]}
    assert handler(event, context) == DONE
    assert sum(statistics.n_rows for statistics in batches(ready, run).values()) == 3
    assert len(ready.models.requests) == 3


def test_a_batch_of_a_cancelled_run_is_dropped(ready: Ready, context: Context) -> None:
    run = dispatched(ready)
    runs.cancel(runs.get(ready.workspace, ready.leaderboard.id, run.id))
    assert handler(batch(ready, "one_batch", run, ready.good), context) == DONE
    assert not ready.models.requests


def test_a_batch_of_an_unknown_run_is_dropped(ready: Ready, context: Context) -> None:
    run = dispatched(ready)
    event = batch(ready, "one_batch", run, ready.good)
    table.delete(f"WS#{ready.workspace}#LB#{ready.leaderboard.id}", f"RUN#{run.id}")
    assert handler(event, context) == DONE


def test_people_who_watch_see_how_far_a_batch_is(ready: Ready) -> None:
    run = dispatched(ready)
    job = evaluation.BatchJob(ready.workspace, ready.leaderboard.id, run.id, 1, 0, ready.good)
    runs.rounds.report(job, evaluation.Tally(cells_done=2, errors=1, cost_nanos=5))
    watched = runs.get(ready.workspace, ready.leaderboard.id, run.id)
    assert (runs.progress(watched).cells_done, runs.progress(watched).errors) == (2, 1)
    while records := received():
        handler({"Records": records}, Context())
    assert (runs.progress(watched).cells_done, runs.progress(watched).errors) == (6, 0), "counted once when it is done"
