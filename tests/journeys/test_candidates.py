"""Candidates of every platform on the local cloud: found, tried, compared, given up, promoted."""

import random
import time
from typing import Any

import pytest

from gero.cli.client import Client
from gero.cli.failure import Failure
from infra.local.stand_ins import OPENROUTER_KEY, PROMPT, StandIns
from tests.local_cloud import HUB_TOKEN, Serve, ended
from tests.model_server import ModelServer
from tests.waiting import wait_until

pytestmark = pytest.mark.journey


def board(api: Client, stand_ins: StandIns, **fields: Any) -> str:
    """A leaderboard of the demo's tickets."""
    body = {"name": "Tickets", "system_prompt": PROMPT, "dataset_url": stand_ins.dataset_url, "normalizers": ["case"]}
    return str(api.post("/api/leaderboards", body | fields)["id"])


def test_models_of_openrouter_are_found_by_their_limits_compared_and_served(api: Client, stand_ins: StandIns) -> None:
    leaderboard_id = board(api, stand_ins)
    path = f"/api/leaderboards/{leaderboard_id}/models"
    with pytest.raises(Failure, match="OpenRouter is not connected"):
        api.post(f"{path}/auto-select", {"count": 3})
    refused = api.post("/api/integrations/validate", {"provider": "openrouter", "token": "sk-or-v1-wrong"})
    assert refused["valid"] is False
    connected = api.put("/api/integrations/openrouter", {"token": OPENROUTER_KEY})
    assert OPENROUTER_KEY not in str(connected)

    wanted = {"count": 3, "max_output_cost_per_million_usd": 20, "max_latency_p95_ms": 5000}
    dry = api.post(f"{path}/auto-select", wanted)
    assert api.post(f"{path}/auto-select", wanted)["chosen"] == dry["chosen"], "the same input, the same choice"
    assert (len(dry["chosen"]), dry["added"]) == (3, 0)
    assert all(one["reason"] and one["latency_basis"] == "interpolated" for one in dry["chosen"])
    assert sum(dry["rejected"].values()) > 0
    added = api.post(f"{path}/auto-select", wanted | {"dry_run": False})
    assert added["added"] == 3
    names = [one["model"] for one in api.get(path)["models"]]
    assert names == [one["model"] for one in dry["chosen"]]

    tried = api.post(f"{path}/{api.get(path)['models'][0]['id']}/test")
    assert tried["ok"], tried
    assert tried["provider"]
    run = ended(api, leaderboard_id, api.post(f"/api/leaderboards/{leaderboard_id}/run", {"rows": 60})["id"])
    assert run["status"] == "completed", run["error"]
    assert run["progress"]["errors"] == 0
    assert run["cost_usd"] > 0
    answer = api.infer(leaderboard_id, {"input": "My invoice is wrong"})
    found = wait_until(lambda: api.get(f"/v1/leaderboard/{leaderboard_id}/traces", format="json", source="inference"))
    assert answer["cost_usd"] > 0
    of_run = api.get(f"/v1/leaderboard/{leaderboard_id}/traces", format="json", run_id=run["id"], limit=10)
    assert all(trace["provider"] and not trace["usage_estimated"] for trace in of_run["rows"]), found


def test_a_dead_endpoint_is_given_up_and_the_others_are_ranked(api: Client, serve: Serve) -> None:
    rows = [{"id": f"r{number}", "input": f"{number}", "output": f"{number}"} for number in range(2000)]
    with ModelServer(lambda model, prompt: prompt.split()[-1]).running() as models:
        models.fault = lambda model, prompt, attempt: 401 if model == "dead" else 200
        body = {"name": "Echo", "system_prompt": "Repeat", "dataset_url": serve("echo.jsonl", rows), "racing": "off"}
        leaderboard_id = api.post("/api/leaderboards", body)["id"]
        for name in ("good", "dead"):
            model = {"model": name, "endpoint_url": models.url, "auth_token": "sk-journey"}
            api.post(f"/api/leaderboards/{leaderboard_id}/models", model)
        started = time.monotonic()
        run = ended(api, leaderboard_id, api.post(f"/api/leaderboards/{leaderboard_id}/run")["id"])
        assert time.monotonic() - started < 60
        assert run["status"] == "completed", run["error"]
        of_dead = [one for one in models.requests if one["body"]["model"] == "dead"]
        assert len(of_dead) < 100, "a dead endpoint is not asked two thousand rows"
        good, dead = run["ranking"]
        assert (good["name"], good["score"], good["not_asked"]) == ("good", 1.0, 0)
        assert dead["errors"] + dead["not_asked"] == 2000
        assert dead["first_error"].startswith("not asked: the endpoint answered 401")
        assert "check the address, the model's name and the token" in dead["first_error"]
        assert api.get(f"/api/leaderboards/{leaderboard_id}")["production"]["name"] == "good"


def test_an_endpoint_that_wakes_up_is_waited_for_and_its_start_is_no_latency(api: Client, serve: Serve) -> None:
    rows = [{"id": f"r{number}", "input": f"{number}", "output": f"{number}"} for number in range(40)]
    with ModelServer(lambda model, prompt: prompt.split()[-1]).running() as models:
        awake_at = time.monotonic() + 8
        models.fault = lambda model, prompt, attempt: 503 if time.monotonic() < awake_at else 200
        body = {"name": "Sleepy", "system_prompt": "Repeat", "dataset_url": serve("sleepy.jsonl", rows)}
        leaderboard_id = api.post("/api/leaderboards", body)["id"]
        for name in ("one", "two"):
            model = {"platform": "huggingface", "model": None, "endpoint_url": models.url, "name": name}
            api.post(f"/api/leaderboards/{leaderboard_id}/models", model | {"auth_token": "hf_own"})
        run = ended(api, leaderboard_id, api.post(f"/api/leaderboards/{leaderboard_id}/run")["id"])
        assert (run["status"], run["progress"]["errors"]) == ("completed", 0)
        assert [one["score"] for one in run["ranking"]] == [1.0, 1.0]
        assert all(one["latency_p95_ms"] < 4000 for one in run["ranking"])


def test_models_of_hugging_faces_router_are_called_with_the_workspaces_token(api: Client, stand_ins: StandIns) -> None:
    leaderboard_id = board(api, stand_ins)
    path = f"/api/leaderboards/{leaderboard_id}/models"
    with pytest.raises(Failure, match="Hugging Face is not connected"):
        api.post(path, {"platform": "huggingface", "model": "keyword-large"})
    api.put("/api/integrations/huggingface", {"token": HUB_TOKEN})
    for name in ("keyword-large", "always-billing"):
        assert api.post(path, {"platform": "huggingface", "model": name})["integration"] == "huggingface"
    run = ended(api, leaderboard_id, api.post(f"/api/leaderboards/{leaderboard_id}/run", {"rows": 40})["id"])
    assert (run["status"], run["progress"]["errors"]) == ("completed", 0)
    assert run["ranking"][0]["name"] == "keyword-large"


def test_a_paused_endpoint_is_told_before_it_is_added(api: Client, stand_ins: StandIns) -> None:
    leaderboard_id = board(api, stand_ins)
    with ModelServer(lambda model, prompt: "x").running() as models:
        models.fault, models.fault_text = lambda model, prompt, attempt: 400, "Bad Request: Invalid state"
        body = {"platform": "huggingface", "endpoint_url": models.url, "auth_token": "hf_own"}
        told = api.post(f"/api/leaderboards/{leaderboard_id}/models/test", body)
    assert (told["ok"], told["code"]) == (False, "endpoint_refused")
    assert "the endpoint is paused: resume it on Hugging Face" in told["error"]


def test_a_used_up_quota_of_the_day_ends_a_candidate_and_not_the_run(api: Client, stand_ins: StandIns) -> None:
    leaderboard_id = board(api, stand_ins)
    api.put("/api/integrations/openrouter", {"token": OPENROUTER_KEY})
    path = f"/api/leaderboards/{leaderboard_id}/models"
    chosen = api.post(f"{path}/auto-select", {"count": 2, "dry_run": False})["chosen"]
    limited, other = (one["model"] for one in chosen)
    stand_ins.openrouter.fail("day", times=1000, model=limited)
    try:
        run = ended(api, leaderboard_id, api.post(f"/api/leaderboards/{leaderboard_id}/run")["id"])
    finally:
        stand_ins.openrouter.mend()
    assert run["status"] == "completed", run["error"]
    entries = {one["name"]: one for one in run["ranking"]}
    assert (entries[other]["not_asked"], entries[limited]["errors"]) == (0, 0), "a quota is no wrong answer"
    assert entries[limited]["not_asked"] == 255
    assert "quota or credit is used up" in entries[limited]["first_error"]
    assert api.get(f"/api/leaderboards/{leaderboard_id}")["production"]["name"] == other


def test_a_provider_that_refuses_and_fails_costs_few_calls_and_no_row(api: Client, serve: Serve) -> None:
    rows = [{"id": f"r{number}", "input": f"{number}", "output": f"{number}"} for number in range(1500)]
    chance = random.Random(3)
    with ModelServer(lambda model, prompt: prompt.split()[-1]).running() as models:
        models.fault = lambda *_: chance.choices((200, 429, 500), (93, 5, 2))[0]
        body = {"name": "Faulty", "system_prompt": "Repeat", "dataset_url": serve("faulty.jsonl", rows)}
        leaderboard_id = api.post("/api/leaderboards", body)["id"]
        for name in ("one", "two"):
            api.post(f"/api/leaderboards/{leaderboard_id}/models", {"model": name, "endpoint_url": models.url})
        run = ended(api, leaderboard_id, api.post(f"/api/leaderboards/{leaderboard_id}/run")["id"], 150)
        assert (run["status"], run["progress"]["errors"]) == ("completed", 0)
        assert [one["score"] for one in run["ranking"]] == [1.0, 1.0]
        assert len(models.requests) <= 3000 * 1.12
        assert models.repeated == 0
