"""Workers killed in the middle of a run: the run still ends with exact scores, and no paid answer is asked again."""

import os
import signal
import time

import pytest

from gero.cli.client import Client
from infra.local.cloud import LocalCloud
from tests.local_cloud import Serve, ended
from tests.model_server import ModelServer
from tests.waiting import wait_until

pytestmark = pytest.mark.journey

ROWS = [{"id": f"k{number}", "input": f"echo {number}", "output": str(number)} for number in range(256)]
IN_FLIGHT = 8
WORKERS = 4  # and four batches: two models, two blocks of 128 rows


def answer(model: str, prompt: str) -> str:
    number = int(prompt.rsplit(" ", 1)[1])
    return str(number if model == "right" or number % 4 else "wrong")


def test_killed_workers_cost_no_answer_and_no_count(api: Client, serve: Serve, cloud: LocalCloud) -> None:
    with ModelServer(answer, latency_seconds=0.05).running() as models:
        body = {"name": "Kill", "system_prompt": "Say", "dataset_url": serve("kill.jsonl", ROWS)}
        leaderboard_id = api.post("/api/leaderboards", body | {"concurrency": IN_FLIGHT})["id"]
        for name in ("right", "mostly"):
            model = {"model": name, "endpoint_url": models.url, "input_cost_per_million_usd": 1}
            api.post(f"/api/leaderboards/{leaderboard_id}/models", model)
        cloud.warm("evaluate_batch", WORKERS)
        run_id = api.post(f"/api/leaderboards/{leaderboard_id}/run")["id"]

        wait_until(lambda: in_work(cloud) == WORKERS, every=0.01)
        wait_until(lambda: sum(models.delivered.values()) >= len(ROWS), every=0.01)  # half of the run
        paid = set(models.delivered)
        time.sleep(0.01)  # what was delivered a moment ago is on its way into the worker
        killed = cloud.workers("evaluate_batch")
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        run = ended(api, leaderboard_id, run_id)

        assert len(killed) >= WORKERS
        assert run["status"] == "completed", run["error"]
        assert {one["name"]: one["score"] * one["rows"] for one in run["ranking"]} == {"right": 256, "mostly": 192}
        assert run["progress"]["cells_done"] == 2 * len(ROWS)
        assert run["cost_usd"] == pytest.approx(2 * len(ROWS) * 20 / 1e6, rel=1e-12)
        assert not [pair for pair in paid if models.asked[pair] > 1], "an answer that was paid for was asked again"
        again = sum(models.asked.values()) - 2 * len(ROWS)
        assert again <= IN_FLIGHT * WORKERS, "more was asked again than was in flight"


def in_work(cloud: LocalCloud) -> int:
    """How many batches workers have in hand."""
    name = "ApproximateNumberOfMessagesNotVisible"
    queue = cloud.outputs["EvaluationQueueUrl"]
    return int(cloud.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=[name])["Attributes"][name])
