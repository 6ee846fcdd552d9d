"""The forecast of a run through the API, and what the run then cost."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from gero import access, leaderboards, runs
from gero.leaderboards import CandidateInput, LeaderboardInput
from tests.functions.conftest import Ready
from tests.functions.workflow import finished
from tests.hub_server import hub_with
from tests.model_server import ModelServer

ROWS = 60


@pytest.fixture
def sized(cloud: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ready]:
    """A leaderboard whose models have prices and answer at length, now more and now less."""
    draw = random.Random(11)

    def reply(model: str) -> tuple[str, bytes]:
        written = round(draw.lognormvariate(4, 0.6))
        usage = {"prompt_tokens": 20, "completion_tokens": written, "total_tokens": 20 + written}
        message = {"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}
        return "application/json", json.dumps({"model": model, "choices": [message], "usage": usage}).encode()

    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps({"input": f"question {n}", "output": "yes"}) + "\n" for n in range(ROWS)))
    server = ModelServer(lambda model, prompt: "yes")
    server.raw = reply
    with server.running(), hub_with(file) as (hub, url):
        monkeypatch.setenv("HF_ENDPOINT", hub)
        workspace, token = access.workspaces.create("test")
        wanted = LeaderboardInput(name="Questions", system_prompt="Yes or no?", dataset_url=url)
        leaderboard = leaderboards.create(workspace.id, wanted)
        priced: dict[str, Any] = {"input_cost_per_million_usd": 1, "output_cost_per_million_usd": 10}
        good, bad = (
            leaderboards.candidates.add(
                workspace.id,
                leaderboard.id,
                CandidateInput.model_validate({"name": name, "model": name, "endpoint_url": server.url} | priced),
            ).id
            for name in ("good", "bad")
        )
        yield Ready(workspace.id, token, leaderboard, good, bad, server)


@pytest.fixture
def api(sized: Ready) -> Iterator[TestClient]:
    with TestClient(create_app(), headers={"Authorization": f"Bearer {sized.token}"}) as client:
        yield client


def told(api: TestClient, sized: Ready, **body: Any) -> dict[str, Any]:
    answer = api.post(f"/api/leaderboards/{sized.leaderboard.id}/forecast", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_forecast_asks_no_model_and_starts_nothing(api: TestClient, sized: Ready) -> None:
    found = told(api, sized, rows=10)
    assert (found["rows"], found["calls"], found["reused_answers"], found["judge"]) == (10, 20, 0, None)
    assert (found["rows_from"], found["rows_estimated"]) == ("the file as it is now", False)
    assert found["cost_p50_usd"] < found["cost_p90_usd"]
    assert found["minutes_p50"] < found["minutes_p90"]
    assert [one["basis"] for one in found["models"]] == ["rows", "rows"]
    assert sized.models.requests == []
    assert runs.active_run_id(sized.workspace, sized.leaderboard.id) is None


def test_a_run_costs_what_runs_like_it_did(api: TestClient, sized: Ready) -> None:
    guess = told(api, sized)
    first = finished(sized)
    assert guess["cost_p50_usd"] < first.cost_nanos / 1e9 < guess["cost_p90_usd"], "a guess covers it"
    found = told(api, sized, fresh=True)
    assert [(one["basis"], one["measured_rows"]) for one in found["models"]] == [("runs", ROWS)] * 2
    assert found["cost_p50_usd"] == pytest.approx(first.cost_nanos / 1e9, rel=1e-6)
    leaderboards.patch(
        sized.workspace, sized.leaderboard.id, leaderboards.LeaderboardPatch.model_validate({"reuse_answers": False})
    )
    second = finished(sized)
    middle, high = found["cost_p50_usd"], found["cost_p90_usd"]
    assert middle - (high - middle) <= second.cost_nanos / 1e9 <= high, "between the 10 % and the 90 % point"


def test_what_was_asked_is_not_paid_for_again(api: TestClient, sized: Ready) -> None:
    finished(sized)
    found = told(api, sized)
    assert (found["calls"], found["reused_answers"], found["cost_p90_usd"]) == (0, 2 * ROWS, 0)
    asked = len(sized.models.requests)
    assert runs.progress(finished(sized)).cells_done == 2 * ROWS
    assert len(sized.models.requests) == asked


def test_a_limit_that_may_not_be_enough_is_said(api: TestClient, sized: Ready) -> None:
    found = told(api, sized, max_cost_usd=0.0001)
    assert (found["max_cost_usd"], found["may_pause"]) == (0.0001, True)
    assert told(api, sized, max_cost_usd=100)["may_pause"] is False
    assert told(api, sized)["max_cost_usd"] is None


def test_a_forecast_takes_the_words_of_a_run_and_no_others(api: TestClient, sized: Ready) -> None:
    path = f"/api/leaderboards/{sized.leaderboard.id}/forecast"
    assert "colour" in api.post(path, json={"colour": "red"}).json()["error"]
    assert "dataset_version" in api.post(path, json={"dataset_version": 9}).json()["error"]
    assert api.post(path).status_code == 200, "no body is needed"
    _, stranger = access.workspaces.create("other")
    assert api.post(path, headers={"Authorization": f"Bearer {stranger}"}).status_code == 404
