"""A run promotes a model and tells so; one call brings back what served before: on the local cloud."""

from typing import Any

import pytest

from gero.cli.client import Client
from gero.cli.failure import Failure
from infra.local.cloud import LocalCloud
from tests.local_cloud import Serve, ended
from tests.model_server import ModelServer
from tests.waiting import wait_until
from tests.webhook_server import webhook_server

pytestmark = pytest.mark.journey

ROWS = [{"id": f"p{number}", "input": f"say {number}", "output": f"{number}"} for number in range(60)]


class Models:
    """Two models, of which one knows the answers and the other does not."""

    def __init__(self) -> None:
        self.right = "old"

    def answer(self, model: str, prompt: str) -> str:
        return prompt.rsplit(" ", 1)[1] if model == self.right else f"no idea, says {model}"


def run(api: Client, path: str) -> dict[str, Any]:
    started = api.post(f"{path}/run", {"fresh": True})
    found = ended(api, path.rsplit("/", 1)[1], started["id"])
    assert found["status"] == "completed", found["error"]
    return found


def test_promote_tell_roll_back(api: Client, serve: Serve, cloud: LocalCloud) -> None:
    known = Models()
    with ModelServer(known.answer).running() as models, webhook_server() as receiver:
        body = {"name": "Promoted", "system_prompt": "First. {input}", "dataset_url": serve("promotion.jsonl", ROWS)}
        path = f"/api/leaderboards/{api.post('/api/leaderboards', body)['id']}"
        leaderboard_id = path.rsplit("/", 1)[1]
        for name in ("old", "new"):
            model = {"model": name, "endpoint_url": models.url, "auth_method": "x_api_key", "auth_token": f"sk-{name}"}
            api.post(f"{path}/models", model)
        secret = api.put(f"{path}/notifications", {"url": receiver.url})["webhook"]["secret"]
        assert api.post(f"{path}/notifications/test") == {"delivered": True, "error": None}

        run(api, path)
        with pytest.raises(Failure, match="no other model served before this one"):
            api.post(f"{path}/production/rollback")
        known.right = "new"
        api.patch(path, {"system_prompt": "Second. {input}"})
        promoted = run(api, path)
        assert promoted["decision"]["action"] == "promote"

        wait_until(lambda: len(receiver.received) >= 5)
        assert receiver.events == ["notification.test", *["production.changed"] * 2, *["run.completed"] * 2]
        assert all(one.is_signed_by(secret) for one in receiver.received)
        told = [one.event["data"] for one in receiver.received if one.event["type"] == "production.changed"]
        assert [(one["previous_model"], one["model"]) for one in told] == [(None, "old"), ("old", "new")]
        assert "sk-" not in str(receiver.received)
        assert api.get(f"{path}/notifications")["waiting"] == []

        decisions = api.get(f"{path}/production/history")["decisions"]
        newest = decisions[0]
        assert (newest["action"], newest["model"], newest["run_id"]) == ("promote", "new", promoted["id"])
        assert newest["evidence"]["rows"] == len(ROWS)
        assert newest["evidence"]["e_value"] > newest["evidence"]["e_value_needed"]
        assert [one["action"] for one in decisions] == ["promote", "first"]
        assert api.infer(leaderboard_id, {"input": "say 7"})["output"] == "7"

        rolled = api.post(f"{path}/production/rollback")
        assert (rolled["production"]["name"], rolled["held"]) == ("old", True)
        wait_until(lambda: api.infer(leaderboard_id, {"input": "say 7"})["output"] == "no idea, says old", seconds=15)
        last = models.requests[-1]
        assert last["body"]["messages"][0]["content"].startswith("First. ")
        assert last["headers"]["x-api-key"] == "sk-old"

        kept = run(api, path)
        assert (kept["decision"]["action"], kept["decision"]["model_id"]) == ("keep", rolled["production"]["model_id"])
        api.infer(leaderboard_id, {"input": "say 8"})
        assert models.requests[-1]["body"]["messages"][0]["content"].startswith("First. ")
        assert [one["action"] for one in api.get(f"{path}/production/history")["decisions"]] == [
            "keep",
            "rollback",
            "promote",
            "first",
        ]
