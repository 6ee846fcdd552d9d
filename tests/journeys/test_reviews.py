"""People decide a run: they review its answers without knowing whose they are, and it goes on, on the local cloud."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from gero.cli import app
from gero.cli.client import Client
from gero.cli.failure import Failure
from infra.local.cloud import LocalCloud
from tests.local_cloud import Serve
from tests.model_server import ModelServer
from tests.waiting import wait_until

pytestmark = pytest.mark.journey

ROWS = [{"id": f"h{number}", "input": f"Explain {number}"} for number in range(16)]


def answer(model: str, prompt: str) -> str:
    """`clear` and `vague` differ; both know the last row alike."""
    if prompt.endswith(" 15"):
        return "alike"
    return f"A {model[::-1]} answer to {prompt.rsplit(' ', 1)[1]}"


def is_clear(text: str) -> bool:
    return "raelc" in text


def started(api: Client, url: str, models: ModelServer, **settings: Any) -> tuple[str, str]:
    """A run of a leaderboard that people decide, once it waits for them."""
    body = {"name": "Explained", "system_prompt": "Go.", "dataset_url": url, "eval_type": "human", **settings}
    leaderboard_id = api.post("/api/leaderboards", body)["id"]
    path = f"/api/leaderboards/{leaderboard_id}"
    for name in ("vague", "clear"):
        api.post(f"{path}/models", {"model": name, "endpoint_url": models.url})
    run_id = api.post(f"{path}/run")["id"]
    wait_for(api, leaderboard_id, run_id, "reviewing")
    return leaderboard_id, run_id


def wait_for(api: Client, leaderboard_id: str, run_id: str, status: str) -> dict[str, Any]:
    def found() -> dict[str, Any] | None:
        run = api.get(f"/api/leaderboards/{leaderboard_id}/runs/{run_id}")
        assert run["status"] != "failed", run["error"]
        return run if run["status"] == status else None

    return wait_until(found, 90)


def secret(api: Client, *scopes: str) -> str:
    return str(api.post("/api/tokens", {"name": "reviewer", "scopes": list(scopes)})["secret"])


def gero(cloud: LocalCloud, token: str, line: str, keys: str | None = None) -> str:
    environment = {"GERO_API_URL": cloud.api_url, "GERO_API_TOKEN": token}
    result = CliRunner().invoke(app, line.split(), input=keys, env=environment, prog_name="gero")
    assert result.exit_code == 0, result.output
    return result.stdout


def test_two_reviewers_decide_a_run_with_tokens_that_may_do_nothing_else(
    api: Client, serve: Serve, cloud: LocalCloud
) -> None:
    with ModelServer(answer).running() as models:
        leaderboard_id, run_id = started(api, serve("human.jsonl", ROWS), models)
        reviews = f"/api/leaderboards/{leaderboard_id}/reviews"
        ann, bob = secret(api, "leaderboards:review"), secret(api, "leaderboards:review")
        with Client(cloud.api_url, ann) as as_ann:
            for path in ("", "/models", "/runs", f"/runs/{run_id}", "/reviews", "/traces"):
                with pytest.raises(Failure, match="lacks the scope"):
                    as_ann.get(f"/api/leaderboards/{leaderboard_id}{path}")
            seen = []
            for _ in range(8):
                item = as_ann.get(f"{reviews}/next")["item"]
                assert item["input"].startswith("Explain")
                assert not {"vague", "clear", "model"} & set(json.dumps(item).split())
                seen.append(is_clear(item["a"]))
                as_ann.post(f"{reviews}/{item['item_id']}", {"verdict": "a" if is_clear(item["a"]) else "b"})
        assert len(set(seen)) == 2, "sides are random"

        line = f"review next -l {leaderboard_id} --json"
        while item := json.loads(gero(cloud, bob, line))["item"]:
            key = "a" if is_clear(item["a"]) else "b"
            gero(cloud, bob, f"review -l {leaderboard_id}", f"{key}u{key}q")

        run = wait_for(api, leaderboard_id, run_id, "completed")
        found = api.get(reviews)
        assert (found["end"], found["votes"], found["automatic"]) == ("reviewed", 15, 1)
        assert sorted(found["reviewers"].values()) == [7, 8]
        assert [entry["name"] for entry in run["ranking"]] == ["clear", "vague"]
        assert api.get(f"/api/leaderboards/{leaderboard_id}")["production"]["name"] == "clear"
        assert api.infer(leaderboard_id, {"input": "Explain 3"})["output"] == "A raelc answer to 3"
        assert "1 of" not in gero(cloud, ann, line)


def test_a_person_closes_a_review_and_the_run_ends_with_what_was_said(
    api: Client, serve: Serve, cloud: LocalCloud
) -> None:
    with ModelServer(answer).running() as models:
        human = {"mode": "rating", "rows": 3}
        leaderboard_id, run_id = started(api, serve("rated.jsonl", ROWS[:4]), models, human=human)
        reviews = f"/api/leaderboards/{leaderboard_id}/reviews"
        for _ in range(4):
            item = api.get(f"{reviews}/next", reviewer="ann")["item"]
            rating = {"rating": 1.0 if is_clear(item["answer"]) else 0.25, "reviewer": "ann"}
            api.post(f"{reviews}/{item['item_id']}", rating)
        with pytest.raises(Failure, match="already has an active run"):
            api.post(f"/api/leaderboards/{leaderboard_id}/run")
        owner = secret(api, "leaderboards:*")
        assert gero(cloud, owner, f"review close -l {leaderboard_id} --yes") == "Closed the review with 4 votes\n"
        run = wait_for(api, leaderboard_id, run_id, "completed")
        assert [(entry["name"], entry["score"]) for entry in run["ranking"]] == [("clear", 1.0), ("vague", 0.25)]


def test_a_run_that_is_cancelled_while_people_review_ends_the_review(api: Client, serve: Serve) -> None:
    with ModelServer(answer).running() as models:
        leaderboard_id, run_id = started(api, serve("cancelled.jsonl", ROWS[:4]), models)
        api.post(f"/api/leaderboards/{leaderboard_id}/runs/{run_id}/cancel")
        found = api.get(f"/api/leaderboards/{leaderboard_id}/reviews/next")
        assert found == {"item": None, "why": "this review is closed, as its run has ended"}
