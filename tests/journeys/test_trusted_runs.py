"""Runs that spend no more than they need: races, answers of earlier runs, a limit of cost, a judge that is checked."""

import hashlib
import json
from typing import Any

import pytest

from gero.cli.client import Client
from gero.cli.failure import Failure
from infra.local.stand_ins import OPENROUTER_KEY, PROMPT, StandIns
from tests.local_cloud import Serve, ended
from tests.model_server import ModelServer
from tests.waiting import wait_until

pytestmark = pytest.mark.journey

SKILL = {"best": 92, "good": 70, "fair": 62, "poor": 50, "bad": 40}


def skilled(model: str, prompt: str) -> str:
    """Right on as many of a hundred rows as the model's skill."""
    number = prompt.split()[-1]
    drawn = int.from_bytes(hashlib.sha256(f"{model} {number}".encode()).digest()[:4]) % 100
    return number if drawn < SKILL.get(model, 80) else "no idea"


def rows(count: int) -> list[dict[str, Any]]:
    return [{"id": f"n{number}", "input": f"say {number}", "output": f"{number}"} for number in range(count)]


def board(api: Client, url: str, models: ModelServer, names: list[str], **fields: Any) -> str:
    body = {"name": "Numbers", "system_prompt": "Repeat. {input}", "dataset_url": url}
    leaderboard_id = str(api.post("/api/leaderboards", body | fields)["id"])
    for name in names:
        add(api, leaderboard_id, models, name)
    return leaderboard_id


def add(api: Client, leaderboard_id: str, models: ModelServer, name: str) -> None:
    prices = {"input_cost_per_million_usd": 1000, "output_cost_per_million_usd": 1000}
    api.post(f"/api/leaderboards/{leaderboard_id}/models", {"model": name, "endpoint_url": models.url, **prices})


def run(api: Client, leaderboard_id: str, **options: Any) -> dict[str, Any]:
    started = api.post(f"/api/leaderboards/{leaderboard_id}/run", options)
    found = ended(api, leaderboard_id, started["id"], 150)
    assert found["status"] == "completed", found["error"]
    return found


def asked(models: ModelServer, name: str) -> int:
    return sum(count for (model, _), count in models.asked.items() if model == name)


def test_a_race_stops_asking_models_that_cannot_win_and_never_the_one_in_production(api: Client, serve: Serve) -> None:
    with ModelServer(skilled).running() as models:
        url = serve("race.jsonl", rows(1200))
        leaderboard_id = board(api, url, models, list(SKILL), concurrency=64)
        first = run(api, leaderboard_id)
        assert first["race"]["end"] == "winner"
        assert first["race"]["calls_saved"] >= 0.5 * first["race"]["calls_planned"] == 3000
        assert len(models.asked) == 6000 - first["race"]["calls_saved"]
        # "good" may stay to the end: the best is certain once nobody can be better than it.
        assert {"bad", "poor"} <= {one["name"] for one in first["race"]["dropped"]} <= set(SKILL) - {"best"}
        assert first["ranking"][0]["name"] == "best"
        assert first["progress"]["percent"] == 100.0
        assert api.get(f"/api/leaderboards/{leaderboard_id}")["production"]["name"] == "best"

        bad = next(
            one["id"] for one in api.get(f"/api/leaderboards/{leaderboard_id}/models")["models"] if one["name"] == "bad"
        )
        api.patch(f"/api/leaderboards/{leaderboard_id}", {"model_selection": {"mode": "manual", "model_id": bad}})
        second = run(api, leaderboard_id)
        assert "bad" not in {one["name"] for one in second["race"]["dropped"]}
        assert second["reused_answers"] > 0


def test_what_was_paid_for_is_not_asked_again_and_a_new_model_is_asked_alone(api: Client, serve: Serve) -> None:
    with ModelServer(skilled).running() as models:
        url = serve("again.jsonl", rows(90))
        leaderboard_id = board(api, url, models, ["good", "bad"])
        first = run(api, leaderboard_id)
        assert (first["reused_answers"], len(models.requests)) == (0, 180)
        add(api, leaderboard_id, models, "best")
        forecast = api.post(f"/api/leaderboards/{leaderboard_id}/forecast", {})
        second = run(api, leaderboard_id)
        assert (second["reused_answers"], len(models.requests), asked(models, "best")) == (180, 270, 90)
        assert second["cost_usd"] == pytest.approx(first["cost_usd"] / 2)
        assert forecast["calls"] == 90, forecast
        same = {one["name"]: one["score"] for one in first["ranking"]}
        assert {one["name"]: one["score"] for one in second["ranking"] if one["name"] in same} == same
        assert all(one["latency_p95_ms"] and one["cost_per_1000_usd"] for one in second["ranking"])

        assert {one["name"]: one["reused"] for one in second["ranking"]} == {"best": 0, "good": 90, "bad": 90}

        third = run(api, leaderboard_id)
        assert (third["cost_usd"], len(models.requests)) == (0, 270)
        changed = api.patch(f"/api/leaderboards/{leaderboard_id}", {"normalizers": ["number"]})
        assert changed["normalizers"] == ["number"]
        assert run(api, leaderboard_id)["cost_usd"] == 0, "another scoring scores what is stored"
        fourth = run(api, leaderboard_id, fresh=True)
        assert (fourth["reused_answers"], len(models.requests)) == (0, 540)


def test_a_run_pauses_when_it_has_spent_what_it_may_and_goes_on_when_it_may_spend_more(
    api: Client, serve: Serve
) -> None:
    with ModelServer(skilled, latency_seconds=0.05).running() as models:
        leaderboard_id = board(api, serve("dear.jsonl", rows(300)), models, ["good", "bad"], concurrency=4)
        path = f"/api/leaderboards/{leaderboard_id}/runs"
        run_id = api.post(f"/api/leaderboards/{leaderboard_id}/run", {"max_cost_usd": 5})["id"]

        def paused() -> dict[str, Any] | None:
            found = api.get(f"{path}/{run_id}")
            return found if found["status"] == "paused" else None

        waiting = wait_until(paused, 60)
        assert "it has spent what it may ($5)" in waiting["waits_for"]
        asked_so_far = len(models.requests)
        assert 170 <= asked_so_far <= 200, "a call costs 2.5 cents: 200 of them are five dollars"
        with pytest.raises(Failure, match="already has an active run"):
            api.post(f"/api/leaderboards/{leaderboard_id}/run")
        with pytest.raises(Failure, match="max_cost_usd: the run has spent"):
            api.post(f"{path}/{run_id}/resume", {"max_cost_usd": 1})
        api.post(f"{path}/{run_id}/resume", {"max_cost_usd": 15.5})
        done = ended(api, leaderboard_id, run_id, 120)
        assert (done["status"], len(models.requests), models.repeated) == ("completed", 600, 0), done["error"]
        assert done["cost_usd"] == pytest.approx(600 * 0.025)


def test_a_judge_scores_and_is_known_by_its_card(api: Client, stand_ins: StandIns) -> None:
    api.put("/api/integrations/openrouter", {"token": OPENROUTER_KEY})
    body = {"name": "Judged", "system_prompt": PROMPT, "dataset_url": stand_ins.dataset_url, "eval_type": "judge"}
    leaderboard_id = api.post("/api/leaderboards", body)["id"]
    path = f"/api/leaderboards/{leaderboard_id}"
    chosen = api.post(f"{path}/models/auto-select", {"count": 2, "dry_run": False})["chosen"]
    assert len(chosen) == 2
    found = run(api, leaderboard_id, rows=80)
    assert found["judge"]["name"] == "assay/judge-strict"
    assert found["judge_cost_usd"] > 0
    assert found["cost_usd"] == pytest.approx(found["answers_cost_usd"] + found["judge_cost_usd"])
    assert all(one["score"] is not None and one["unscored"] == 0 for one in found["ranking"])
    assert "compared with people on 0 of the 80 verdicts" in found["provisional"]
    assert found["decision"]["action"] == "first"
    card = api.get(f"{path}/judge")
    assert (card["n_judged"], card["flip_rate"], card["agreement"]["n"]) == (160, 0.0, 0)
    assert card["n_audits"] > 5

    paid = found["answers_cost_usd"]
    flaky = {"model": "assay/judge-flaky", "mode": "pairwise", "audit_percent": 50, "min_labels": 0}
    api.patch(path, {"judge": flaky})
    again = run(api, leaderboard_id, rows=80)
    assert (again["answers_cost_usd"], again["reused_answers"]) == (0, 160), "another judge asks no model again"
    assert again["judge_cost_usd"] > 0 < paid
    assert api.get(f"{path}/judge")["flip_rate"] > 0
    traces = api.get(f"/v1/leaderboard/{leaderboard_id}/traces", format="json", run_id=again["id"], limit=200)["rows"]
    unscored = [one for one in traces if one["score"] is None]
    assert all(one["judge_error"] and one["output"] for one in unscored)
    assert len(json.dumps(traces)) > 0


def test_people_test_the_judge_and_then_it_may_change_production(api: Client, serve: Serve) -> None:
    api.put("/api/integrations/openrouter", {"token": OPENROUTER_KEY})
    judged = {"eval_type": "judge", "judge": {"model": "assay/judge-strict", "min_labels": 60}, "human": {"rows": 30}}
    with ModelServer(skilled).running() as models:
        leaderboard_id = board(api, serve("believed.jsonl", rows(150)), models, ["bad", "poor"], **judged)
        path = f"/api/leaderboards/{leaderboard_id}"
        first = run(api, leaderboard_id)
        assert (first["decision"]["action"], first["ranking"][0]["name"]) == ("first", "poor")
        assert "provisionally" in first["decision"]["reason"]
        add(api, leaderboard_id, models, "best")
        held = run(api, leaderboard_id)
        assert (held["decision"]["action"], held["ranking"][0]["name"]) == ("hold", "best")
        assert "The judge was compared with people on" in held["decision"]["reason"]

        while item := api.get(f"{path}/reviews/next")["item"]:
            right = [side for side in "ab" if item[side] in item["expected"]]
            api.post(f"{path}/reviews/{item['item_id']}", {"verdict": right[0] if len(right) == 1 else "tie"})
        card = api.get(f"{path}/judge")
        assert (card["labels_needed"], card["provisional"]) == (0, None)
        assert card["agreement"]["kappa"] == pytest.approx(1)
        assert card["agreement"]["n"] == 90, "those whose answers are alike count too"
        assert len(card["comparisons"]) == 3
        for pair in card["comparisons"]:
            assert pair["n_labels"] == 30
            assert pair["low"] <= pair["difference"] <= pair["high"]
        promoted = run(api, leaderboard_id)
        assert (promoted["decision"]["action"], promoted["cost_usd"]) == ("promote", 0), promoted["decision"]["reason"]
        assert (api.get(path)["production"]["name"], promoted["provisional"]) == ("best", None)
        assert len(models.requests) == 450
