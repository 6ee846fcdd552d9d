from functions.abandon_batch.handler import handler
from functions.evaluate_batch.handler import handler as evaluate_batch
from functions.rank_round.handler import handler as rank_round
from gero import runs
from tests.functions.conftest import Ready
from tests.functions.context import Context
from tests.functions.workflow import batch, dispatched, evaluated


def test_a_given_up_batch_leaves_its_rows_unscored_and_lets_the_round_end(ready: Ready, context: Context) -> None:
    run = dispatched(ready)
    evaluate_batch(batch(ready, "one_batch", run, ready.good), context)
    event = ready.event("abandon_batch", "given_up", run=run.id, candidate=ready.bad)
    assert handler(event, context) == {"batchItemFailures": []}
    answer = rank_round(ready.event("rank_round", "first_round", run=run.id), context)
    assert answer["finished"]
    ranking = runs.get(ready.workspace, ready.leaderboard.id, run.id).ranking
    assert ranking
    entries = {entry["candidate_id"]: entry for entry in ranking["entries"]}
    assert (entries[ready.good]["n_scored"], entries[ready.bad]["n_scored"]) == (3, 0)
    assert "platform" in ranking["first_errors"][ready.bad]


def test_a_batch_that_was_done_after_all_stays_done(ready: Ready, context: Context) -> None:
    run = evaluated(ready)
    handler(ready.event("abandon_batch", "given_up", run=run.id, candidate=ready.bad), context)
    assert runs.progress(runs.get(ready.workspace, ready.leaderboard.id, run.id)).cells_done == 6


def test_a_message_that_is_no_batch_is_reported_and_stays(ready: Ready, context: Context) -> None:
    run = dispatched(ready)
    event = ready.event("abandon_batch", "given_up", run=run.id, candidate=ready.bad)
    event["Records"].append({**event["Records"][0], "messageId": "broken", "body": "{}"})
    assert handler(event, context) == {"batchItemFailures": [{"itemIdentifier": "broken"}]}
