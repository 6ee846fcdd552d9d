"""The bundle of a run: a zip of everything that proves it."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from starlette.testclient import TestClient

from functions.api.app import create_app
from gero import access, leaderboards, runs
from gero.kit import blobs
from gero.leaderboards import CandidateInput, LeaderboardPatch, run_bundle
from tests.functions.conftest import Ready
from tests.functions.workflow import dispatched, evaluated, finished, started


@pytest.fixture
def api(ready: Ready) -> Iterator[TestClient]:
    with TestClient(create_app(), headers={"Authorization": f"Bearer {ready.token}"}) as client:
        yield client


def of(ready: Ready, run_id: str) -> str:
    return f"/api/leaderboards/{ready.leaderboard.id}/runs/{run_id}/bundle"


def stored(ready: Ready, run_id: str) -> list[str]:
    return list(blobs.keys(f"{ready.workspace}/{ready.leaderboard.id}/runs/{run_id}/bundle"))


def keep(ready: Ready, **traces: Any) -> None:
    """Let texts of traces be kept in another way from now on."""
    leaderboards.patch(ready.workspace, ready.leaderboard.id, LeaderboardPatch.model_validate({"traces": traces}))


def downloaded(api: TestClient, ready: Ready, run_id: str) -> zipfile.ZipFile:
    answer = api.post(of(ready, run_id))
    assert answer.status_code == 200, answer.text
    made = answer.json()
    content = requests.get(made["url"], timeout=10).content
    assert (len(content), made["filename"]) == (made["size_bytes"], f"run-{run_id}.zip")
    return zipfile.ZipFile(io.BytesIO(content))


def lines(archive: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in archive.read(name).splitlines()]


def test_it_proves_the_run_and_holds_no_key(api: TestClient, ready: Ready) -> None:
    run = finished(ready)
    found = downloaded(api, ready, run.id)
    assert found.testzip() is None
    documents = {"run.json", "leaderboard.json", "models.json", "ranking.json", "ranking.csv", "statistics.json"}
    assert set(found.namelist()) == documents | {"README.txt", "rows.jsonl", "results.jsonl"}
    told = found.read("README.txt").decode()
    assert [name for name in found.namelist() if name != "README.txt" and name not in told] == []
    results = lines(found, "results.jsonl")
    expected = sorted((model, row) for model in (ready.good, ready.bad) for row in "abc")
    assert sorted((one["model_id"], one["row_id"]) for one in results) == expected
    assert {one["score"] for one in results if one["model_id"] == ready.good} == {1.0}
    ranked = list(csv.DictReader(io.StringIO(found.read("ranking.csv").decode())))
    assert [(one["name"], one["n_rows"]) for one in ranked] == [("good", "3"), ("bad", "3")]
    assert sorted(row["id"] for row in lines(found, "rows.jsonl")) == ["a", "b", "c"]
    sums = json.loads(found.read("statistics.json"))["candidates"]
    assert sums[ready.good]["score_sum"] == 3_000_000
    assert json.loads(found.read("leaderboard.json"))["system_prompt"] == "Which team?"
    everything = b"".join(found.read(name) for name in found.namelist())
    assert b"sk-secret" not in everything
    assert b"sealed" not in everything


def test_a_model_that_is_called_like_a_formula_is_none_in_a_spreadsheet(api: TestClient, ready: Ready) -> None:
    hostile = CandidateInput(name="=1+1", model="good", endpoint_url=ready.models.url)
    leaderboards.candidates.add(ready.workspace, ready.leaderboard.id, hostile)
    found = downloaded(api, ready, finished(ready).id)
    ranked = list(csv.DictReader(io.StringIO(found.read("ranking.csv").decode())))
    assert {one["name"] for one in ranked} == {"good", "bad", "'=1+1"}
    assert "=1+1" in {one["name"] for one in json.loads(found.read("ranking.json"))["entries"]}, "as it is"


def test_it_is_made_once_and_anew_when_traces_are_kept_otherwise(api: TestClient, ready: Ready) -> None:
    run = finished(ready)
    for _ in range(2):
        assert b"parcel" in downloaded(api, ready, run.id).read("results.jsonl")
    assert len(stored(ready, run.id)) == 1
    keep(ready, redact=["parcel"])
    redacted = downloaded(api, ready, run.id)
    assert not [name for name in ("rows.jsonl", "results.jsonl") if b"parcel" in redacted.read(name)]
    keep(ready, redact=[], capture_content=False)
    figures = downloaded(api, ready, run.id)
    assert "rows.jsonl" not in figures.namelist()
    assert {one["output"] for one in lines(figures, "results.jsonl")} == {None}
    assert len(stored(ready, run.id)) == 3


def test_it_goes_with_its_leaderboard(api: TestClient, ready: Ready) -> None:
    run = finished(ready)
    downloaded(api, ready, run.id)
    assert api.delete(f"/api/leaderboards/{ready.leaderboard.id}").status_code == 204
    assert stored(ready, run.id) == []


def test_an_active_run_has_none_yet_and_a_cancelled_one_what_was_answered(api: TestClient, ready: Ready) -> None:
    run = dispatched(ready)
    answer = api.post(of(ready, run.id))
    assert (answer.status_code, answer.json()["code"]) == (409, "run_active")
    runs.cancel(run)
    assert downloaded(api, ready, run.id).read("results.jsonl") == b""
    answered = evaluated(ready)
    runs.cancel(answered)
    found = downloaded(api, ready, answered.id)
    assert len(lines(found, "results.jsonl")) == 6
    assert found.read("ranking.csv").decode().splitlines()[1:] == []


def test_a_run_that_never_began_has_nothing_to_download(api: TestClient, ready: Ready) -> None:
    run = started(ready)
    runs.cancel(run)
    answer = api.post(of(ready, run.id))
    assert answer.status_code == 409
    assert "never began" in answer.json()["error"]


@pytest.mark.parametrize(("limit", "value"), [("MAX_CELLS", 5), ("MAX_SECONDS", -1)])
def test_what_is_too_much_is_refused_with_what_to_do_instead(
    api: TestClient, ready: Ready, limit: str, value: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = finished(ready)
    monkeypatch.setattr(run_bundle, limit, value)
    answer = api.post(of(ready, run.id))
    assert answer.status_code == 413
    assert f"gero traces list --run {run.id} --all" in answer.json()["error"]
    assert stored(ready, run.id) == []


def test_who_may_not_read_leaderboards_and_another_workspace_get_none(api: TestClient, ready: Ready) -> None:
    run = finished(ready)
    _, token = access.workspaces.create("other")
    assert api.post(of(ready, run.id), headers={"Authorization": f"Bearer {token}"}).status_code == 404
    _, secret = access.tokens.create(ready.workspace, "ask", ["leaderboards:inference"])
    assert api.post(of(ready, run.id), headers={"Authorization": f"Bearer {secret}"}).status_code == 403
