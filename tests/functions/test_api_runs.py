"""Runs as the API shows them: what they rest on, what they wait for, how they go on."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from gero import leaderboards, runs
from gero.kit import table
from gero.kit.table import Changes
from gero.leaderboards import LeaderboardPatch
from gero.runs import Run
from tests.functions.conftest import Ready
from tests.functions.workflow import finished, planned


@pytest.fixture
def api(ready: Ready) -> Iterator[TestClient]:
    with TestClient(create_app(), headers={"Authorization": f"Bearer {ready.token}"}) as client:
        yield client


def of(ready: Ready, path: str = "") -> str:
    return f"/api/leaderboards/{ready.leaderboard.id}{path}"


def started(ready: Ready) -> Run:
    return leaderboards.start_run(leaderboards.get(ready.workspace, ready.leaderboard.id), "manual")


def entry(candidate_id: str, rank: int, **found: Any) -> dict[str, Any]:
    counts = {"n_rows": 10, "n_scored": 9, "n_errors": 1, "tokens_in": 5, "tokens_out": 4}
    money = {"cost_nanos": 2_000_000, "cost_nanos_per_1000_rows": 200_000_000}
    scores = {"score": 0.5, "score_low": 0.4, "score_high": 0.6}
    latency = {"latency_p50_ms": 1.0, "latency_p95_ms": 2.0, "latency_p99_ms": None}
    ranks = {"rank": rank, "rank_low": 1, "rank_high": 2}
    return {
        "candidate_id": candidate_id,
        "name": f"model {rank}",
        **ranks,
        **scores,
        **counts,
        **money,
        **latency,
        **found,
    }


def document(ready: Ready, **found: Any) -> dict[str, Any]:
    entries = [entry(ready.good, 1), entry(ready.bad, 2)]
    return {"entries": entries, "gaps": [], "confidence": 0.95, "summary": "s", "first_errors": {}, **found}


def completed(ready: Ready, ranking: dict[str, Any]) -> Run:
    run = started(ready)
    assert runs.finish(run, "completed", ranking=ranking)
    return run


def moved(run: Run, status: str, **values: Any) -> None:
    """Another status, as the workflow would set it."""
    key = runs.run.partition(run.workspace_id, run.leaderboard_id), f"RUN#{run.id}"
    table.update(*key, Changes(set={"status": status, **values}))


def test_an_old_run_shows_nothing_of_what_it_did_not_tell(api: TestClient, ready: Ready) -> None:
    run = completed(ready, document(ready))
    shown = api.get(of(ready, f"/runs/{run.id}")).json()
    unknown = (
        "race",
        "judge",
        "human",
        "provisional",
        "answers_cost_usd",
        "judge_cost_usd",
        "reused_answers",
        "waits_for",
    )
    assert {name: shown[name] for name in unknown} == dict.fromkeys(unknown)
    assert (shown["ranking"][0]["pareto"], shown["ranking"][0]["reused"]) == (None, None)


def test_a_run_shows_its_race_its_judge_and_what_it_paid_for_either(api: TestClient, ready: Ready) -> None:
    dropped = {ready.bad: {"round": 2, "rows": 50, "why": "cannot win any more"}}
    race = {"end": "winner", "rounds": 4, "dropped": dropped, "calls_saved": 150, "calls_planned": 400}
    people = {"mode": "pairwise", "votes": 3}
    judge = {"name": "judge-1", "identity": "ab12", "mode": "pointwise", "flip_rate": 0.1, "warnings": ["same family"]}
    paid = {"paid_nanos": 3_000_000, "judge_nanos": 1_000_000, "n_reused": 7, "provisional": "too few labels"}
    ranking = document(ready, race=race, judge=judge, human=people, **paid)
    ranking["entries"][0] |= {"pareto": True, "n_reused": 7, "paid_nanos": 1_000_000, "judge_nanos": 500_000}
    run = completed(ready, ranking)
    shown = api.get(of(ready, f"/runs/{run.id}")).json()
    loser = {"model_id": ready.bad, "name": "model 2", "round": 2, "rows": 50, "why": "cannot win any more"}
    assert shown["race"] == race | {"dropped": [loser], "leader_id": None, "tied_ids": []}
    assert shown["human"] == people
    assert shown["judge"] == {
        "name": "judge-1",
        "identity": "ab12",
        "mode": "pointwise",
        "warnings": ["same family"],
        "card": {"flip_rate": 0.1},
    }
    assert (shown["answers_cost_usd"], shown["judge_cost_usd"], shown["reused_answers"]) == (0.003, 0.001, 7)
    assert shown["provisional"] == "too few labels"
    best = shown["ranking"][0]
    assert (best["pareto"], best["reused"], best["paid_usd"], best["judge_cost_usd"]) == (True, 7, 0.001, 0.0005)


def test_a_list_tells_of_rankings_in_short_and_one_run_the_whole(api: TestClient, ready: Ready) -> None:
    run = finished(ready)
    told = {"leader": "good", "models": 2, "rows": 3, "reused_answers": 0}
    (listed,) = api.get(of(ready, "/runs")).json()["runs"]
    whole = api.get(of(ready, f"/runs/{run.id}")).json()
    assert listed.items() >= told.items()
    assert whole.items() >= told.items()
    assert listed["ranking_summary"] == whole["ranking_summary"]
    assert (listed["ranking"], [one["name"] for one in whole["ranking"]]) == (None, ["good", "bad"])


def test_a_list_tells_of_a_race_without_whom_it_dropped(api: TestClient, ready: Ready) -> None:
    leaderboards.patch(ready.workspace, ready.leaderboard.id, LeaderboardPatch(racing="on"))
    run = finished(ready)
    (listed,) = api.get(of(ready, "/runs")).json()["runs"]
    race = api.get(of(ready, f"/runs/{run.id}")).json()["race"]
    assert listed["race"] == race | {"dropped": []}
    assert race["calls_planned"] == 6


def test_of_a_run_of_before_a_list_tells_no_leader(api: TestClient, ready: Ready) -> None:
    run = completed(ready, document(ready))
    (listed,) = api.get(of(ready, "/runs")).json()["runs"]
    assert {listed[name] for name in ("leader", "models", "rows", "ranking_summary")} == {None}
    shown = api.get(of(ready, f"/runs/{run.id}")).json()
    assert (shown["leader"], shown["models"], shown["rows"]) == ("model 1", 2, 10)


def test_the_ranking_shows_what_it_rests_on(api: TestClient, ready: Ready) -> None:
    run = started(ready)
    latest = leaderboards.store.writes(leaderboards.get(ready.workspace, ready.leaderboard.id), latest_run_id=run.id)
    ranking = document(ready, provisional="too few labels", judge={"name": "j", "card": {"kappa": 0.7}})
    assert runs.finish(run, "completed", also=latest, ranking=ranking)
    shown = api.get(of(ready, "/ranking")).json()
    assert (shown["provisional"], shown["judge"]["card"]) == ("too few labels", {"kappa": 0.7})


def test_a_run_is_asked_to_be_fresh_and_to_stop_at_a_cost(api: TestClient, ready: Ready) -> None:
    shown = api.post(of(ready, "/run"), json={"fresh": True, "max_cost_usd": 0.25}).json()
    assert (shown["fresh"], shown["max_cost_usd"]) == (True, 0.25)
    run = runs.get(ready.workspace, ready.leaderboard.id, shown["id"])
    assert (run.fresh, run.max_cost_nanos) == (True, 250_000_000)


@pytest.mark.parametrize("wanted", [{"max_cost_usd": 0}, {"max_cost_usd": -1}, {"fresh": "perhaps"}, {"rows": 0}])
def test_a_run_that_makes_no_sense_is_refused_by_its_field(api: TestClient, ready: Ready, wanted: Any) -> None:
    refused = api.post(of(ready, "/run"), json=wanted)
    assert refused.status_code == 400
    assert refused.json()["error"].startswith(next(iter(wanted)))


def test_a_waiting_run_says_what_it_waits_for(api: TestClient, ready: Ready) -> None:
    run = started(ready)
    moved(run, "paused", max_cost_nanos=1_500_000_000, waits_for="it has spent what it may")
    paused = api.get(of(ready, f"/runs/{run.id}")).json()
    assert (paused["status"], paused["max_cost_usd"]) == ("paused", 1.5)
    assert "it has spent what it may ($1.5)" in paused["waits_for"]
    moved(run, "reviewing")
    assert "verdicts of people" in api.get(of(ready, f"/runs/{run.id}")).json()["waits_for"]


def test_a_leaderboard_shows_how_it_is_evaluated(api: TestClient, ready: Ready) -> None:
    shown = api.get(of(ready)).json()
    assert (shown["eval_type"], shown["racing"], shown["evaluation_target"]) == ("exact", "auto", "traffic")
    assert (shown["reuse_answers"], shown["max_run_cost_usd"], shown["answer_pattern"]) == (True, None, None)
    assert shown["human"] == {"mode": "pairwise", "rows": 100, "reviewers_per_item": 1}
    assert shown["judge"]["audit_percent"] == 10
    changed = api.patch(of(ready), json={"max_run_cost_usd": 2.5, "racing": "off"}).json()
    assert (changed["max_run_cost_usd"], changed["racing"]) == (2.5, "off")


def test_a_paused_run_goes_on_with_a_higher_limit_and_no_other_run_does(api: TestClient, ready: Ready) -> None:
    run = planned(ready)
    path = of(ready, f"/runs/{run.id}/resume")
    assert api.post(path, json={"max_cost_usd": 1}).json()["code"] == "run_not_paused"
    moved(run, "paused", max_cost_nanos=10**9, waits_for="it has spent what it may")
    assert "max_cost_usd: the run has spent what it may, $1.0000; allow more" in api.post(path, json={}).json()["error"]
    assert api.post(path, json={"max_cost_usd": -1}).status_code == 400
    resumed = api.post(path, json={"max_cost_usd": 2.5}).json()
    assert (resumed["status"], resumed["max_cost_usd"], resumed["waits_for"]) == ("running", 2.5, None)
    moved(run, "paused", waits_for="its judge gives no verdicts")
    assert api.post(path).json()["max_cost_usd"] == 2.5, "the limit stays where it is not why"
    moved(run, "paused")
    assert api.post(path, json={"max_cost_usd": None}).json()["max_cost_usd"] is None
