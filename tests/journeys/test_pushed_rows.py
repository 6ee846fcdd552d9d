"""Rows pushed from production become versions, versions become runs, and runs a new ranking: on the local cloud."""

import gzip
import json
from typing import Any

import httpx
import pytest

from gero.cli.client import Client
from gero.cli.failure import Failure
from infra.local.cloud import LocalCloud
from tests.local_cloud import ended
from tests.model_server import ModelServer
from tests.waiting import wait_until

pytestmark = pytest.mark.journey

FIRST, SECOND = 100, 300


def rows(first: int, count: int) -> list[dict[str, Any]]:
    return [
        {"id": f"p{number}", "question": f"{number} + {number}?", "answer": str(2 * number), "tags": ["journey"]}
        for number in range(first, first + count)
    ]


def answer(model: str, prompt: str) -> str:
    """`early` is right on the first rows only, `late` on the later ones only."""
    number = int(prompt.rsplit(" + ", 1)[1].rstrip("?"))
    right = number < FIRST if model == "early" else number >= FIRST
    return str(2 * number) if right else "?"


class Pushed:
    """A PUSH leaderboard, and its webhook as an application calls it."""

    def __init__(self, api: Client, **settings: Any) -> None:
        self.api = api
        body = {"name": "Pushed", "system_prompt": "Add.", "dataset_type": "PUSH", "promotion_policy": "top"}
        self.id = api.post("/api/leaderboards", body | settings)["id"]
        self.path = f"/api/leaderboards/{self.id}"
        made = api.post(f"/v1/leaderboard/{self.id}/dataset/token", {"name": "webhook"})
        self.url, self.headers = made["push_url"], {"X-Dr.Gero-Push-Token": made["secret"]}

    def push(self, found: list[dict[str, Any]]) -> dict[str, Any]:
        response = httpx.post(self.url, json={"rows": found}, headers=self.headers, timeout=30)
        assert response.status_code == 202, response.text
        answered: dict[str, Any] = response.json()
        return answered

    def dataset(self) -> dict[str, Any]:
        return self.api.get(f"{self.path}/dataset")

    def version(self, number: int) -> dict[str, Any] | None:
        latest = self.dataset()["latest_version"]
        return latest if latest and latest["version"] == number else None

    def run_from(self, source: str) -> dict[str, Any]:
        def found() -> str | None:
            made = self.api.get(f"{self.path}/runs")["runs"]
            return next((run["id"] for run in made if run["source"] == source), None)

        return ended(self.api, self.id, wait_until(found))


def test_push_consolidate_improve_rank(api: Client, cloud: LocalCloud) -> None:
    with ModelServer(answer).running() as models:
        pushed = Pushed(api, run_on_new_version=True, consolidate_every_events=SECOND)
        model = {"model": "early", "endpoint_url": models.url}
        assert pushed.push(rows(0, FIRST - 1))["accepted_rows"] == FIRST - 1
        with pytest.raises(Failure, match="push 1 more"):
            api.post(f"{pushed.path}/models", model)
        assert pushed.push(rows(0, FIRST))["duplicate_rows"] == FIRST - 1
        for name in ("early", "late"):
            api.post(f"{pushed.path}/models", model | {"model": name})

        run = ended(api, pushed.id, api.post(f"{pushed.path}/run")["id"])
        assert (run["status"], run["dataset"]["version"], run["dataset"]["rows"]) == ("completed", 1, FIRST)
        assert api.get(f"{pushed.path}/ranking")["production"]["name"] == "early"

        answered = pushed.push(rows(FIRST, SECOND))
        assert answered["consolidation"]["should_consolidate"]
        cloud.fire_schedule("start_due")
        wait_until(lambda: pushed.version(2))
        run = pushed.run_from("dataset_improvement")
        assert (run["status"], run["dataset"]["version"]) == ("completed", 2), run["error"]
        ranking = api.get(f"{pushed.path}/ranking")
        assert [(one["name"], one["score"]) for one in ranking["entries"]] == [("late", 0.75), ("early", 0.25)]
        assert ranking["production"]["name"] == "late"
        state = pushed.dataset()
        assert (state["pending_events"], state["accepted_rows"]) == (0, FIRST + SECOND)
        assert state["consolidation"]["due_at"] is None

        pinned = ended(api, pushed.id, api.post(f"{pushed.path}/run", {"dataset_version": 1, "rows": 50})["id"])
        assert {one["name"]: one["score"] for one in pinned["ranking"]} == {"early": 1.0, "late": 0.0}


def test_versions_are_read_compared_exported_and_corrected(api: Client) -> None:
    pushed = Pushed(api)
    pushed.push(rows(0, 3))
    api.post(f"{pushed.path}/dataset/consolidate")
    wait_until(lambda: pushed.version(1))
    pushed.push([{"id": "p1", "question": "1 + 1?", "answer": ["2", "two"]}, *rows(3, 1)])
    api.delete(f"{pushed.path}/dataset/rows/p0")
    api.post(f"{pushed.path}/dataset/consolidate")
    wait_until(lambda: pushed.dataset()["consolidation"]["due_at"] is None)

    page = api.get(f"{pushed.path}/dataset/versions/latest/rows", offset=1, limit=5)
    assert [(row["id"], row["expected"]) for row in page["rows"]] == [("p1", ["2", "two"]), ("p3", ["6"])]
    assert page["rows"][0]["origin"]["batch_id"]
    found = api.get(f"{pushed.path}/dataset/compare", **{"from": "1", "to": "latest"})
    assert [found[name] for name in ("added", "removed", "changed", "unchanged")] == [1, 1, 1, 1]
    assert found["examples"]["changed"][0]["fields"] == ["expected", "tags"]

    export = api.get(f"{pushed.path}/dataset/versions/1/export")
    with httpx.stream("GET", export["url"]) as response:
        assert response.status_code == 200
        lines = gzip.decompress(b"".join(response.iter_raw())).splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["p0", "p1", "p2"]


def test_an_answer_of_production_becomes_a_row(api: Client) -> None:
    with ModelServer(answer).running() as models:
        pushed = Pushed(api)
        pushed.push(rows(0, FIRST))
        for name in ("early", "late"):
            api.post(f"{pushed.path}/models", {"model": name, "endpoint_url": models.url})
        ended(api, pushed.id, api.post(f"{pushed.path}/run")["id"])
        trace_id = api.infer(pushed.id, {"input": "7000 + 7000?"})["trace_id"]
        path = f"/v1/leaderboard/{pushed.id}/traces"
        wait_until(lambda: api.get(path, format="json", source="inference")["rows"])
        wanted = [{"trace_id": trace_id, "expected": "14000"}, {"trace_id": "nowhere"}]
        answered = api.post(f"{pushed.path}/dataset/from-traces", {"traces": wanted})
        assert (answered["accepted_rows"], answered["not_found"]) == (1, ["nowhere"])
        api.post(f"{pushed.path}/dataset/consolidate")
        wait_until(lambda: pushed.version(2))
        (row,) = api.get(f"{pushed.path}/dataset/versions/2/rows", offset=FIRST)["rows"]
        assert (row["id"], row["expected"], row["origin"]["trace_id"]) == (trace_id, ["14000"], trace_id)
