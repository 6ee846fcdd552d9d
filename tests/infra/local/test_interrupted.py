"""Gero over a restart: its token, its secrets, and a run that was active."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gero.cli.client import Client
from infra.local import session
from infra.local.cloud import LocalCloud
from infra.local.session import Session, admin_environment
from infra.local.stand_ins import StandIns
from infra.operator import new_workspace
from tests.model_server import ModelServer
from tests.waiting import wait_until

ROWS = [{"id": f"p{number}", "input": f"echo {number}", "output": str(number)} for number in range(300)]


@pytest.fixture
def stand_ins(tmp_path: Path) -> Iterator[StandIns]:
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    with StandIns(datasets={"kept/rows": tmp_path / "hub"}) as stand_ins:
        yield stand_ins


def test_a_run_that_was_active_has_failed_and_the_next_one_uses_the_kept_secrets(
    tmp_path: Path, stand_ins: StandIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, environment = tmp_path / "data", {"HF_ENDPOINT": stand_ins.hub_url}
    monkeypatch.setattr(session, "FILE", tmp_path / ".gero" / "local.json")
    with ModelServer(lambda _, prompt: prompt.rsplit(" ", 1)[1], latency_seconds=0.05).running() as models:
        with LocalCloud.start(data=data, environment=environment) as cloud:
            _, token = new_workspace("kept", admin_environment(cloud))
            with Client(cloud.api_url, token) as api:
                path = f"/api/leaderboards/{create(api, stand_ins, models)}"
                run = f"{path}/runs/{api.post(f'{path}/run')['id']}"
                # Two blocks of 128 and one of 44 rows: some are counted, others are on their way.
                wait_until(lambda: 0 < api.get(run)["progress"]["cells_done"] < 600, every=0.02)
        models.latency_seconds = 0
        with LocalCloud.start(data=data, environment=environment) as cloud:
            assert Session.open(cloud, token="drgero_unknown").token != token
            assert Session.open(cloud, token=token).token == token
            with Client(cloud.api_url, token) as api:
                ended = api.get(run)
                assert ended["status"] == "failed"
                assert ended["error"] == "the local cloud was stopped during this run; run again"
                assert 0 < ended["progress"]["cells_done"] < 600
                models.requests.clear()
                again = f"{path}/runs/{api.post(f'{path}/run')['id']}"
                wait_until(lambda: api.get(again)["status"] not in ("queued", "running"))
                assert api.get(again)["status"] == "completed"
                assert api.get(again)["progress"]["cells_done"] == 600
                assert {one["score"] for one in api.get(f"{path}/ranking")["entries"]} == {1.0}
                assert {one["headers"]["authorization"] for one in models.requests} == {"Bearer sk-kept"}
                assert api.get(run)["progress"] == ended["progress"], "the dead run was counted on"
            assert not cloud.denied


def create(api: Client, stand_ins: StandIns, models: ModelServer) -> str:
    url = f"{stand_ins.hub_url}/datasets/kept/rows/resolve/main/rows.jsonl"
    body = {"name": "Kept", "system_prompt": "Say", "dataset_url": url, "concurrency": 8}
    leaderboard_id: str = api.post("/api/leaderboards", body)["id"]
    for name in ("one", "two"):
        model = {"model": name, "endpoint_url": models.url, "auth_token": "sk-kept", "input_cost_per_million_usd": 1}
        api.post(f"/api/leaderboards/{leaderboard_id}/models", model)
    return leaderboard_id
