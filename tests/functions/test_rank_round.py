from functions.rank_round.handler import handler
from gero import runs
from tests.functions.conftest import Ready
from tests.functions.context import Context
from tests.functions.workflow import evaluated


def test_a_round_ends_in_an_interim_ranking_with_exact_scores(ready: Ready, context: Context) -> None:
    run = evaluated(ready)
    event = ready.event("rank_round", "first_round", run=run.id)
    onwards = {"round": 2, "finished": True, "review": False, "racers": [ready.good, ready.bad]}
    assert handler(event, context) == {**event, **onwards}
    found = runs.get(ready.workspace, ready.leaderboard.id, run.id)
    assert found.status == "running"
    assert found.ranking
    assert [(entry["name"], entry["score"]) for entry in found.ranking["entries"]] == [("good", 1.0), ("bad", 1 / 3)]


def test_ranking_a_round_twice_changes_nothing(ready: Ready, context: Context) -> None:
    run = evaluated(ready)
    event = ready.event("rank_round", "first_round", run=run.id)
    handler(event, context)
    once = runs.get(ready.workspace, ready.leaderboard.id, run.id).ranking
    handler(event, context)
    assert runs.get(ready.workspace, ready.leaderboard.id, run.id).ranking == once
