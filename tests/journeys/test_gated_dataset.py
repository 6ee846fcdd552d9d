"""A gated file of the hub is read with the workspace's token, by the check and by a run: on the local cloud."""

import httpx
import pytest

from gero.cli.client import Client
from infra.local.cloud import LocalCloud
from tests.local_cloud import HUB_TOKEN, Serve, ended
from tests.model_server import ModelServer

pytestmark = pytest.mark.journey

ROWS = [{"id": f"g{number}", "input": f"say {number}", "output": str(number)} for number in range(10)]


def test_a_gated_file_is_checked_and_evaluated_once_the_token_is_connected(
    api: Client, serve: Serve, cloud: LocalCloud
) -> None:
    url = serve("gated.jsonl", ROWS).replace("journey/rows", "journey/gated")
    check = "/api/datasets/huggingface/check"
    refused = api.post(check, {"dataset_url": url})
    assert (refused["reachable"], refused["errors"][0]["code"]) == (False, "dataset_gated")
    connecting = f"{cloud.api_url}/api/integrations/huggingface"
    connected = httpx.put(connecting, json={"token": HUB_TOKEN}, headers=api._http.headers)
    assert connected.json()["account"] == "journey"
    assert HUB_TOKEN not in connected.text
    assert api.post(check, {"dataset_url": url})["ok"]

    with ModelServer(lambda model, prompt: prompt.rsplit(" ", 1)[1]).running() as models:
        body = {"name": "Gated", "system_prompt": "Go.", "dataset_url": url}
        leaderboard_id = api.post("/api/leaderboards", body)["id"]
        for name in ("a", "b"):
            api.post(f"/api/leaderboards/{leaderboard_id}/models", {"model": name, "endpoint_url": models.url})
        path = f"/api/leaderboards/{leaderboard_id}/run"
        first, again = (ended(api, leaderboard_id, api.post(path)["id"]) for _ in range(2))
    assert (first["status"], first["dataset"]["rows"]) == ("completed", 10), first["error"]
    assert again["dataset"]["version"] == first["dataset"]["version"] == 1, "nothing changed upstream"
    assert HUB_TOKEN not in str(first)
