"""A Dr.Gero model from a recipe to production, and fine-tuned, on the local cloud."""

import json
from typing import Any

import pytest

from gero.cli.client import Client
from gero.cli.failure import Failure
from gero.kit import table
from infra.local.cloud import LocalCloud
from infra.local.session import admin_environment
from infra.local.stand_ins import PROMPT, StandIns
from infra.operator import acting_in
from tests.journeys.test_candidates import board
from tests.local_cloud import ended
from tests.waiting import wait_until

pytestmark = pytest.mark.journey


def infer(api: Client, model_id: str, text: str) -> dict[str, Any]:
    return api.infer_model(model_id, {"input": text})


def refusal(api: Client, model_id: str) -> str | None:
    """Why the model does not answer, once it does not."""
    try:
        infer(api, model_id, "Hello")
    except Failure as failure:
        return str(failure)
    return None


def test_a_recipe_competes_wins_is_served_and_changes(api: Client, stand_ins: StandIns) -> None:
    leaderboard_id = board(api, stand_ins)
    for name in ("always-billing", "word-overlap"):
        candidate = {"model": name, "endpoint_url": stand_ins.chat_url}
        api.post(f"/api/leaderboards/{leaderboard_id}/models", candidate)
    ended(api, leaderboard_id, api.post(f"/api/leaderboards/{leaderboard_id}/run", {"rows": 100})["id"])

    base = {"platform": "custom", "endpoint_url": stand_ins.chat_url, "model": "keyword-large"}
    examples = {"leaderboard_id": leaderboard_id, "count": 5, "seed": 7}
    model = api.post("/api/models", {"name": "Sorter", "base": base, "examples": examples})
    assert (model["deployed_version"], len(model["version"]["examples"])) == (1, 5)
    added = api.post(
        f"/api/leaderboards/{leaderboard_id}/models", {"platform": "drgero", "drgero_model_id": model["id"]}
    )
    assert added["drgero_version"] == 1
    assert api.get(f"/api/models/{model['id']}/leaderboards")["leaderboards"][0]["leaderboard_id"] == leaderboard_id
    with pytest.raises(Failure, match="Tickets"):
        api.delete(f"/api/models/{model['id']}")

    run = ended(api, leaderboard_id, api.post(f"/api/leaderboards/{leaderboard_id}/run")["id"])
    assert run["status"] == "completed", run["error"]
    assert run["dataset"]["rows_left_out"] == 5, "what it was shown is no test"
    assert run["ranking"][0]["name"] == "Sorter"
    assert run["decision"]["action"] == "promote", run["decision"]
    prompt = PROMPT.replace("{input}", "My card was charged twice")
    assert infer(api, model["id"], prompt)["model_id"] == model["id"]

    api.post(f"/api/models/{model['id']}/versions", {"system_prompt": "Be brief.", "deploy": True})
    (shown,) = [one for one in api.get(f"/api/leaderboards/{leaderboard_id}/models")["models"] if one["drgero_version"]]
    assert shown["drgero_version"] == 2
    api.post(f"/api/models/{model['id']}/undeploy")
    assert "not deployed" in wait_until(lambda: refusal(api, model["id"])), "a deployment is remembered for seconds"
    with pytest.raises(Failure, match="Sorter"):
        api.post(f"/api/leaderboards/{leaderboard_id}/run")
    assert api.infer(leaderboard_id, {"input": "My card was charged twice"})["output"], "production goes on"


def test_a_fine_tuned_model_is_trained_on_one_part_and_measured_on_the_other(
    api: Client, stand_ins: StandIns, cloud: LocalCloud
) -> None:
    leaderboard_id = board(api, stand_ins)
    for name in ("always-billing", "keyword-small"):
        candidate = {"model": name, "endpoint_url": stand_ins.chat_url}
        api.post(f"/api/leaderboards/{leaderboard_id}/models", candidate)
    ended(api, leaderboard_id, api.post(f"/api/leaderboards/{leaderboard_id}/run", {"rows": 30})["id"])

    base = {"platform": "custom", "endpoint_url": stand_ins.tuning_url, "model": "keyword-small"}
    model = api.post(
        "/api/models",
        {"name": "Tuned", "base": base, "creation_mode": "fine_tune", "leaderboard_ids": [leaderboard_id]},
    )
    started = api.post(f"/api/models/{model['id']}/fine-tune/run", {"training_share": 0.6})
    path = f"/api/models/{model['id']}/fine-tune/runs/{started['id']}"

    def done() -> dict[str, Any] | None:
        run = api.post(f"{path}/sync")
        return run if run["status"] in ("succeeded", "failed", "cancelled") else None

    run = wait_until(done, 30)
    assert run["status"] == "succeeded", run
    cloud.fire_schedule("start_due")
    assert api.get(f"/api/models/{model['id']}")["deployed_version"] is not None
    api.post(f"/api/leaderboards/{leaderboard_id}/models", {"platform": "drgero", "drgero_model_id": model["id"]})
    measured = ended(api, leaderboard_id, api.post(f"/api/leaderboards/{leaderboard_id}/run")["id"])
    assert measured["status"] == "completed", measured["error"]
    assert measured["dataset"]["rows_left_out"] == run["rows"]
    assert {one["rows"] for one in measured["ranking"]} == {255 - run["rows"]}


def made_due(api: Client, cloud: LocalCloud, leaderboard_id: str) -> None:
    """Let a day pass for a leaderboard's schedule."""
    with acting_in(admin_environment(cloud)):
        partition, name = f"WS#{api.get('/api/workspace')['id']}", f"LB#{leaderboard_id}"
        item = table.get(partition, name, consistent=True)
        assert item
        document = json.loads(item["doc"])
        document["next_times"] = dict.fromkeys(document["next_times"], "2026-01-01T00:00:00.000Z")
        table.put(item | {"doc": json.dumps(document), "due_at": "2026-01-01T00:00:00.000Z"})


def test_a_new_version_starts_a_run_when_the_schedule_looks(
    api: Client, stand_ins: StandIns, cloud: LocalCloud
) -> None:
    leaderboard_id = board(api, stand_ins)
    path = f"/api/leaderboards/{leaderboard_id}"
    base = {"platform": "custom", "endpoint_url": stand_ins.chat_url, "model": "keyword-small"}
    model = api.post("/api/models", {"name": "Versioned", "base": base})
    api.post(f"{path}/models", {"platform": "drgero", "drgero_model_id": model["id"]})
    api.post(f"{path}/models", {"model": "always-billing", "endpoint_url": stand_ins.chat_url})
    ended(api, leaderboard_id, api.post(f"{path}/run", {"rows": 20})["id"])
    limit = {"mode": "LIMIT", "limit": {"rows": 20, "algorithm": "LAST_N"}}
    triggers = {"model_version": {"cadence": "DAILY"}}
    api.put(f"{path}/schedule", {"version": 2, "triggers": triggers, "dataset": limit})

    made_due(api, cloud, leaderboard_id)
    cloud.fire_schedule("start_due")
    assert len(api.get(f"{path}/runs")["runs"]) == 1, "nothing is new"
    api.post(f"/api/models/{model['id']}/versions", {"system_prompt": "Be brief.", "deploy": True})
    made_due(api, cloud, leaderboard_id)
    cloud.fire_schedule("start_due")
    started = wait_until(lambda: api.get(f"{path}/schedule")["state"])
    assert (started["outcome"], started["last_trigger"]) == ("started", "model_version")
    run = ended(api, leaderboard_id, started["run_id"])
    assert (run["source"], run["status"]) == ("schedule", "completed")
    assert {one.get("drgero_version") for one in run["configuration"]["models"]} == {2, None}
