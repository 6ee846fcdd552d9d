"""A scheduled run starts by itself, and an operator's clock may start what is due: on the local cloud."""

from typing import Any

import httpx
import pytest

from gero import access
from gero.cli.client import Client
from infra.local.cloud import LocalCloud
from infra.local.session import admin_environment
from infra.operator import acting_in
from tests.local_cloud import Serve, ended
from tests.model_server import ModelServer
from tests.waiting import wait_until

pytestmark = pytest.mark.journey

EVERY_MINUTE = {"cron": {"preset": "CUSTOM", "expression": "* * * * *"}}
ROWS = [{"id": f"s{number}", "input": f"say {number}", "output": str(number)} for number in range(20)]


@pytest.fixture
def operator(cloud: LocalCloud) -> dict[str, str]:
    """The headers of who runs the deployment."""
    with acting_in(admin_environment(cloud)):
        _, secret = access.operators.create("journey")
    return {"X-Dr.Gero-Operator-Token": secret}


def test_a_schedule_starts_a_run_of_its_size_whoever_ticks_first(
    api: Client, serve: Serve, cloud: LocalCloud, operator: dict[str, str]
) -> None:
    with ModelServer(lambda model, prompt: prompt.rsplit(" ", 1)[1]).running() as models:
        body = {"name": "Scheduled", "system_prompt": "Go.", "dataset_url": serve("scheduled.jsonl", ROWS)}
        path = f"/api/leaderboards/{api.post('/api/leaderboards', body)['id']}"
        for name in ("a", "b"):
            api.post(f"{path}/models", {"model": name, "endpoint_url": models.url})
        limit = {"mode": "LIMIT", "limit": {"rows": 5, "algorithm": "LAST_N"}}
        schedule = {"version": 2, "triggers": EVERY_MINUTE, "dataset": limit}
        httpx.put(f"{cloud.api_url}{path}/schedule", json=schedule, headers=api._http.headers).raise_for_status()

        def ticked() -> dict[str, Any] | None:
            httpx.post(f"{cloud.api_url}/api/leaderboard-schedules/run-due", headers=operator).raise_for_status()
            state: dict[str, Any] | None = api.get(f"{path}/schedule")["state"]
            return state

        state = wait_until(ticked, seconds=70, every=0.5)
        assert (state["outcome"], state["last_trigger"]) == ("started", "cron")
        run = ended(api, path.rsplit("/", 1)[1], state["run_id"])
        assert (run["source"], run["status"], run["progress"]["cells_done"]) == ("schedule", "completed", 10)
        assert sorted(prompt.rsplit(" ", 1)[1] for _, prompt in models.asked if _ == "a") == [
            "15",
            "16",
            "17",
            "18",
            "19",
        ]
        api.patch(path, {"schedule": None})


def test_operators_open_no_workspace_and_users_are_no_operators(
    api: Client, cloud: LocalCloud, operator: dict[str, str]
) -> None:
    due = f"{cloud.api_url}/api/push-datasets/consolidate-due"
    assert httpx.post(due, headers=operator).json() == {"queued": 0}
    assert httpx.post(due, headers=api._http.headers).status_code == 401
    secret = operator["X-Dr.Gero-Operator-Token"]
    listing = httpx.get(f"{cloud.api_url}/api/leaderboards", headers={"Authorization": f"Bearer {secret}"})
    assert listing.status_code == 401
