"""The dataset check and the workspace's connections over the API."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from gero import access, leaderboards
from infra.local.stand_ins import Account, StandIns
from tests.functions.conftest import Ready

CHECK = "/api/datasets/huggingface/check"
READER, STRANGER = "hf_reader", "hf_stranger"


@pytest.fixture
def api(cloud: None) -> Iterator[TestClient]:
    _, token = access.workspaces.create("test")
    with TestClient(create_app(), headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rows.jsonl").write_text('{"question": "a", "answer": "x"}\n' * 2)
    (tmp_path / "faulty.jsonl").write_text('{"question": "a"}\nnonsense\n')
    (tmp_path / "long.jsonl").write_text(json.dumps({"input": "a" * 900_000, "answer": "x", "tags": ["t"]}))
    return tmp_path


@pytest.fixture
def hub(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    accounts = {READER: Account("ada", {"me/gated"}), STRANGER: Account("bob")}
    datasets = {"me/rows": folder, "me/gated": folder}
    with StandIns(datasets=datasets, gated={"me/gated"}, hub_accounts=accounts) as stand_ins:
        monkeypatch.setenv("HF_ENDPOINT", stand_ins.hub_url)
        yield


def check(api: TestClient, url: str, **fields: Any) -> dict[str, Any]:
    answer = api.post(CHECK, json={"dataset_url": url, **fields})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_check_tells_what_the_file_is(api: TestClient, hub: None, folder: Path) -> None:
    found = check(api, "hf://datasets/me/rows/rows.jsonl")
    assert len(found.pop("commit")) == 40
    assert found == {
        "ok": True,
        "reachable": True,
        "dataset_url": "hf://datasets/me/rows/rows.jsonl",
        "repo": "me/rows",
        "path": "rows.jsonl",
        "revision": "main",
        "size_bytes": (folder / "rows.jsonl").stat().st_size,
        "compressed": False,
        "rows_checked": 1,
        "complete": True,
        "columns": ["question", "answer"],
        "detected": {"input": "question", "expected": "answer"},
        "first_rows": [found["first_rows"][0]],
        "duplicates": 1,
        "error_count": 0,
        "errors": [],
    }
    assert (found["first_rows"][0]["input"], found["first_rows"][0]["expected"]) == ("a", ["x"])


def test_a_check_tells_faults_by_line_and_rows_without_an_answer(api: TestClient, hub: None) -> None:
    found = check(api, "datasets/me/rows/faulty.jsonl")
    assert (found["ok"], found["reachable"], found["error_count"]) == (False, True, 2)
    assert [(one["line"], one["code"]) for one in found["errors"]] == [(2, None), (None, "no_expected_answer")]
    mapped = check(api, "datasets/me/rows/rows.jsonl", field_mapping={"expected": "label"})
    assert [one["field"] for one in mapped["errors"]] == ["expected"]


def test_a_long_row_is_shown_in_short(api: TestClient, hub: None) -> None:
    found = check(api, "datasets/me/rows/long.jsonl")
    assert found["ok"]
    assert found["first_rows"][0]["input"] == "a" * 2000


def test_a_url_that_names_no_file_is_refused(api: TestClient, hub: None) -> None:
    answer = api.post(CHECK, json={"dataset_url": "https://huggingface.co/datasets/me/rows"})
    assert (answer.status_code, answer.json()["details"]["field"]) == (400, "dataset_url")


def test_a_gated_file_opens_with_the_workspaces_connection(api: TestClient, hub: None) -> None:
    url = "datasets/me/gated/rows.jsonl"

    def code() -> list[str]:
        found = check(api, url)
        assert found["ok"] is found["reachable"] is not bool(found["errors"])
        return [one["code"] for one in found["errors"]]

    assert code() == ["dataset_gated"]
    api.put("/api/integrations/huggingface", json={"token": STRANGER})
    assert code() == ["dataset_access_missing"]
    api.put("/api/integrations/huggingface", json={"token": READER})
    assert code() == []


def test_a_connection_is_made_listed_and_ended_without_showing_its_token(api: TestClient, hub: None) -> None:
    path = "/api/integrations"
    nothing = {"provider": "huggingface", "connected": False, "account": None, "updated_at": None}
    other = nothing | {"provider": "openrouter"}
    assert api.get(path).json() == {"integrations": [nothing, other]}
    made = api.put(f"{path}/huggingface", json={"token": READER})
    assert made.status_code == 200
    assert (made.json()["connected"], made.json()["account"]) == (True, "ada")
    assert api.get(path).json() == {"integrations": [made.json(), other]}
    assert READER not in made.text + api.get(path).text
    assert api.delete(f"{path}/huggingface").status_code == 204
    assert api.get(path).json() == {"integrations": [nothing, other]}


def test_a_token_is_tried_without_being_kept(api: TestClient, hub: None) -> None:
    path = "/api/integrations/validate"
    valid = api.post(path, json={"provider": "huggingface", "token": READER}).json()
    assert valid == {"valid": True, "provider": "huggingface", "account": "ada", "error": None}
    wrong = api.post(path, json={"provider": "huggingface", "token": "hf_wrong"})
    assert (wrong.json()["valid"], "hf_wrong" in wrong.text) == (False, False)
    assert api.post(path, json={"provider": "other", "token": READER}).status_code == 400
    refused = api.put("/api/integrations/huggingface", json={"token": "hf_wrong"})
    assert (refused.status_code, refused.json()["details"]) == (400, {"field": "token"})
    assert not api.get("/api/integrations").json()["integrations"][0]["connected"]


def test_a_run_reads_a_gated_dataset_with_the_workspaces_connection(ready: Ready, hub: None) -> None:
    url = "datasets/me/gated/rows.jsonl"
    board = leaderboards.patch(ready.workspace, ready.leaderboard.id, leaderboards.LeaderboardPatch(dataset_url=url))
    access.integrations.connect(ready.workspace, "huggingface", READER)
    assert leaderboards.plan_run(board, leaderboards.start_run(board, "manual")).rows == 1
