"""A batch whose workers die again and again: it goes to the dead letters, its answers count, and the run ends."""

import os
import signal

import pytest

from gero.cli.client import Client
from infra.local.cloud import LocalCloud
from tests.local_cloud import Serve, ended
from tests.model_server import ModelServer
from tests.waiting import wait_until

pytestmark = pytest.mark.journey

LEASE_SECONDS = "3"
RECEIVES = 3  # then the queue gives a message up
ROWS = [{"id": f"g{number}", "input": f"echo {number}", "output": str(number)} for number in range(100)]


def echo(model: str, prompt: str) -> str:
    return prompt.rsplit(" ", 1)[1]


def test_a_batch_that_kills_its_workers_is_given_up_with_the_answers_it_has(
    api: Client, serve: Serve, cloud: LocalCloud
) -> None:
    with ModelServer(echo).running() as fine, ModelServer(echo, latency_seconds=0.8).running() as deadly:
        body = {"name": "Give up", "system_prompt": "Say", "dataset_url": serve("given-up.jsonl", ROWS)}
        leaderboard_id = api.post("/api/leaderboards", body | {"concurrency": 4})["id"]
        for name, server in (("fine", fine), ("deadly", deadly)):
            api.post(f"/api/leaderboards/{leaderboard_id}/models", {"model": name, "endpoint_url": server.url})
        run_id = api.post(f"/api/leaderboards/{leaderboard_id}/run")["id"]

        for _ in range(RECEIVES):
            wait_for_answers(deadly, sum(deadly.delivered.values()) + 6)
            for pid in cloud.workers("evaluate_batch"):
                os.kill(pid, signal.SIGKILL)
        run = ended(api, leaderboard_id, run_id)

        assert run["status"] == "completed", run["error"]
        assert run["decision"]["action"] == "first"
        ranked = {entry["name"]: entry for entry in run["ranking"]}
        assert (ranked["fine"]["rows"], ranked["fine"]["score"]) == (100, 1.0)
        assert 0 < ranked["deadly"]["rows"] < 100, "the answers of the first tries were kept"
        assert ranked["deadly"]["score"] == 1.0
        assert ranked["deadly"]["unscored"] == 100 - ranked["deadly"]["rows"]
        assert "could not finish" in ranked["deadly"]["first_error"]


def wait_for_answers(models: ModelServer, wanted: int) -> None:
    wait_until(lambda: sum(models.delivered.values()) >= wanted, every=0.05)
