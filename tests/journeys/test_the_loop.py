"""From a dataset to a served winner and its traces, through the API of the local cloud."""

import gzip
import json
from pathlib import Path

import httpx
import pytest

from gero.cli.client import Client
from gero.cli.failure import Failure
from infra.local.cloud import LocalCloud
from tests.local_cloud import Serve, ended
from tests.model_server import ModelServer
from tests.waiting import wait_until

pytestmark = pytest.mark.journey

ROWS = [
    {"id": f"r{number}", "input": f"What is {number} + {number}?", "output": str(2 * number)} for number in range(240)
]


def answer(model: str, prompt: str) -> str:
    """`right` always knows, `half` knows even numbers, `never` does not."""
    number = int(prompt.split("What is ")[1].split(" +")[0])
    right = model == "right" or (model == "half" and number % 2 == 0)
    return f"The sum is {2 * number if right else -1}."


def create(api: Client, url: str, models: ModelServer, names: tuple[str, ...]) -> str:
    body = {"name": "Sums", "system_prompt": "Add. {question}", "dataset_url": url, "normalizers": ["number"]}
    leaderboard_id: str = api.post("/api/leaderboards", body)["id"]
    for name in names:
        model = {
            "model": name,
            "endpoint_url": models.url,
            "auth_method": "custom_header",
            "auth_header_name": "X-Key",
            "auth_token": "sk-journey",
            "input_cost_per_million_usd": 2,
            "output_cost_per_million_usd": 8,
        }
        api.post(f"/api/leaderboards/{leaderboard_id}/models", model)
    return leaderboard_id


def test_create_run_rank_serve_trace(api: Client, serve: Serve, cloud: LocalCloud) -> None:
    with ModelServer(answer).running() as models:
        leaderboard_id = create(api, serve("loop.jsonl", ROWS), models, ("never", "half", "right"))
        with pytest.raises(Failure, match="complete a run first"):
            api.infer(leaderboard_id, {"input": "What is 1 + 1?"})
        run_id = api.post(f"/api/leaderboards/{leaderboard_id}/run")["id"]
        with pytest.raises(Failure, match="already has an active run"):
            api.post(f"/api/leaderboards/{leaderboard_id}/run")
        run = ended(api, leaderboard_id, run_id)

        assert run["status"] == "completed", run["error"]
        assert run["progress"] == {"cells_total": 720, "cells_done": 720, "errors": 0, "percent": 100.0}
        assert run["cost_usd"] == pytest.approx(720 * (20 * 2 + 5 * 8) / 1e6)
        assert len(models.asked) == 720
        assert max(models.asked.values()) == 1
        assert models.requests[0]["headers"]["x-key"] == "sk-journey"

        ranking = api.get(f"/api/leaderboards/{leaderboard_id}/ranking")
        assert [(one["name"], one["score"], one["rank_label"]) for one in ranking["entries"]] == [
            ("right", 1.0, "1"),
            ("half", 0.5, "2"),
            ("never", 0.0, "3"),
        ]
        assert ranking["production"]["name"] == "right"

        for url in (cloud.api_url, cloud.inference_url.rstrip("/")):
            direct = Client(cloud.api_url, None, url)
            direct._http.headers = api._http.headers
            served = direct.infer(leaderboard_id, {"input": "What is 21 + 21?"})
            assert served["output"] == "The sum is 42."
        assert models.requests[-1]["body"]["messages"][0]["content"] == "Add. What is 21 + 21?"

        path = f"/v1/leaderboard/{leaderboard_id}/traces"
        inferred = wait_until(lambda: _two(api.get(path, format="json", source="inference")["rows"]))
        assert {trace["output"] for trace in inferred} == {"The sum is 42."}
        of_run = api.get(path, format="json", run_id=run_id, limit=1000)
        assert of_run["count"] == 720
        assert sum(trace["score"] for trace in of_run["rows"]) == 240 + 120


def _two(rows: list[dict[str, object]]) -> list[dict[str, object]] | None:
    return rows if len(rows) == 2 else None


AUTH = {
    "bearer": ("authorization", "Bearer sk-1"),
    "x_api_key": ("x-api-key", "sk-1"),
    "x_drgero_api_key": ("x-dr.gero-api-key", "sk-1"),
    "authorization": ("authorization", "sk-1"),
    "custom_header": ("x-key", "sk-1"),
}


def test_every_way_to_authenticate_reaches_the_model(api: Client, serve: Serve) -> None:
    with ModelServer(answer).running() as models:
        body = {"name": "Auth", "system_prompt": "Add.", "dataset_url": serve("auth.jsonl", ROWS[:5])}
        leaderboard_id = api.post("/api/leaderboards", body)["id"]
        for method in AUTH:
            model = {"model": method, "endpoint_url": models.url, "auth_method": method, "auth_token": "sk-1"}
            header = {"auth_header_name": "X-Key"} if method == "custom_header" else {}
            api.post(f"/api/leaderboards/{leaderboard_id}/models", model | header)
        ended(api, leaderboard_id, api.post(f"/api/leaderboards/{leaderboard_id}/run")["id"])
        for method, (name, value) in AUTH.items():
            sent = [one["headers"] for one in models.requests if one["body"]["model"] == method]
            assert len(sent) == 5
            assert all(headers[name] == value for headers in sent)


def test_a_faulty_dataset_fails_the_run_with_its_lines_and_unlocks(api: Client, serve: Serve, datasets: Path) -> None:
    lines = [json.dumps(row) for row in ROWS[:3]] + ["{broken", '{"output": "5"}']
    with ModelServer(answer).running() as models:
        url = serve("faulty.jsonl.gz", [])
        (datasets / "faulty.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
        leaderboard_id = create(api, url, models, ("right", "half"))
        run = ended(api, leaderboard_id, api.post(f"/api/leaderboards/{leaderboard_id}/run")["id"])
        assert run["status"] == "failed"
        assert "line 4" in run["error"]
        assert "1 more" in run["error"]
        assert not models.requests
        (datasets / "faulty.jsonl.gz").write_bytes(gzip.compress("\n".join(lines[:3]).encode()))
        again = ended(api, leaderboard_id, api.post(f"/api/leaderboards/{leaderboard_id}/run")["id"])
        assert again["status"] == "completed"


def test_a_run_can_be_cancelled_and_the_next_one_starts(api: Client, serve: Serve) -> None:
    with ModelServer(answer, latency_seconds=0.5).running() as models:
        leaderboard_id = create(api, serve("cancel.jsonl", ROWS), models, ("right", "half"))
        runs = f"/api/leaderboards/{leaderboard_id}/runs"
        run_id = api.post(f"/api/leaderboards/{leaderboard_id}/run")["id"]
        wait_until(lambda: models.requests)
        assert api.post(f"{runs}/{run_id}/cancel")["status"] == "cancelled"
        models.latency_seconds = 0
        again = ended(api, leaderboard_id, api.post(f"/api/leaderboards/{leaderboard_id}/run")["id"])
        assert again["status"] == "completed"
        assert api.get(f"{runs}/{run_id}")["status"] == "cancelled"


def test_deleting_a_leaderboard_leaves_nothing_behind(api: Client, serve: Serve, cloud: LocalCloud) -> None:
    with ModelServer(answer).running() as models:
        leaderboard_id = create(api, serve("delete.jsonl", ROWS[:20]), models, ("right", "half"))
        ended(api, leaderboard_id, api.post(f"/api/leaderboards/{leaderboard_id}/run")["id"])
        api.delete(f"/api/leaderboards/{leaderboard_id}")
        with pytest.raises(Failure, match="no such leaderboard"):
            api.get(f"/api/leaderboards/{leaderboard_id}")
    items = cloud.client("dynamodb").scan(TableName=cloud.outputs["TableName"])["Items"]
    assert not [item for item in items if leaderboard_id in str(item)]
    objects = cloud.client("s3").list_objects_v2(Bucket=cloud.outputs["BucketName"]).get("Contents", [])
    assert not [found for found in objects if leaderboard_id in found["Key"]]


def test_the_documentation_is_served(cloud: LocalCloud) -> None:
    assert httpx.get(f"{cloud.api_url}/openapi.json").json()["info"]["title"] == "Gero"
    assert "swagger" in httpx.get(f"{cloud.api_url}/docs").text.lower()
