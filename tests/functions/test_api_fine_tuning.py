"""The paths of fine-tuning, as one application answers them, with a server that fine-tunes."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from gero import access, datasets, models
from gero.datasets import Row
from infra.local.stand_ins.fine_tuning import FineTuning
from tests.functions.conftest import Ready
from tests.gero.models.made import tuning

KEY = "sk-tuning-0123456789"


@pytest.fixture
def stand_in() -> FineTuning:
    return FineTuning(api_key=KEY)


@pytest.fixture
def api(ready: Ready) -> Iterator[TestClient]:
    with TestClient(create_app(), headers={"Authorization": f"Bearer {ready.token}"}) as client:
        yield client


@pytest.fixture
def path(api: TestClient, ready: Ready, stand_in: FineTuning) -> Iterator[str]:
    """The path of a model to be fine-tuned on the leaderboard's fifty rows."""
    found = [Row(f"r{n}", f"word{n} question", [f"team {n}"]) for n in range(50)]
    datasets.freeze(ready.workspace, ready.leaderboard.id, found, {"kind": "test"})
    with tuning(stand_in) as url:
        base = {"endpoint_url": url, "model": "keyword-small", "auth_token": KEY}
        wanted = {"name": "Tuned", "creation_mode": "fine_tune", "base": base}
        made = api.post("/api/models", json=wanted | {"leaderboard_ids": [ready.leaderboard.id]})
        assert made.status_code == 201, made.text
        yield f"/api/models/{made.json()['id']}"


def asked(api: TestClient, path: str, sent: Any = None) -> Any:
    answer = api.post(path, json=sent)
    assert answer.status_code in (200, 202), answer.text
    return answer.json()


def test_a_model_is_fine_tuned_on_its_leaderboard_and_answers(
    api: TestClient, ready: Ready, path: str, stand_in: FineTuning
) -> None:
    assert api.get(path).json()["deployed_version"] is None
    run = asked(api, f"{path}/fine-tune/run")
    assert (run["status"], run["rows"], run["held_out"], run["dataset_version"]) == ("validating_files", 40, 10, 1)
    one = f"{path}/fine-tune/runs/{run['id']}"
    assert api.get(one).json() == run
    assert asked(api, f"{one}/sync")["status"] == "queued"
    assert asked(api, f"{path}/fine-tune/sync")["runs"][0]["status"] == "running"
    ended = asked(api, f"{one}/sync")
    assert (ended["status"], ended["version"]) == ("succeeded", 2)
    model = api.get(path).json()
    assert (model["deployed_version"], model["version"]["base"]["model"]) == (2, ended["fine_tuned_model"])
    assert model["version"]["prompt"] == "Which team?"
    assert model["version"]["trained_on"] == {
        "leaderboard_id": ready.leaderboard.id,
        "dataset_version": 1,
        "rows": 40,
        "held_out": 10,
    }
    page = api.get(f"{path}/fine-tune/runs").json()
    assert (page["count"], page["runs"]) == (1, [ended])
    assert asked(api, f"{path}/fine-tune/sync") == {"runs": [], "count": 0}
    (content,) = [content for _, content in stand_in.files.values()]
    assert b'{"role":"user","content":"Which team?\\n\\nword' in content
    seen = models.seen_rows(ready.workspace, path.rsplit("/", 1)[1], 2)
    assert len(seen) == 40
    assert KEY not in api.get(path).text + str(page)


def test_a_run_can_be_cancelled_and_started_anew_with_other_rows(api: TestClient, path: str) -> None:
    run = asked(api, f"{path}/fine-tune/run")
    again = api.post(f"{path}/fine-tune/run")
    assert (again.status_code, again.json()["code"]) == (409, "fine_tune_active")
    refused = api.delete(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "fine_tune_active")
    assert asked(api, f"{path}/fine-tune/runs/{run['id']}/cancel")["status"] == "cancelled"
    size = {"mode": "LIMIT", "limit": {"auto": False, "rows": 20, "algorithm": "LAST_N"}}
    second = asked(api, f"{path}/fine-tune/run", {"dataset_size": size, "trainingShare": 0.5, "suffix": "v2"})
    assert (second["rows"], second["held_out"], second["suffix"]) == (10, 10, "v2")


@pytest.mark.parametrize(
    ("sent", "status", "told"),
    [
        ({"leaderboard_id": "nothing"}, 404, "no such leaderboard"),
        ({"dataset_version": 7}, 404, "no version 7"),
        ({"training_share": 1}, 400, "training_share: Input should be less than 1"),
        ({"training_share": 0.1}, 400, "dataset_size: 50 rows with answers make 5 to train on"),
        ({"base_model": "gpt-none"}, 502, "Model gpt-none is not available for fine-tuning."),
        ({"dataset_size": {"mode": "LIMIT"}}, 400, "dataset_size: limit: mode LIMIT needs either rows, or auto true"),
        ({"suffix": "x y"}, 400, "suffix"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_the_field_and_the_fix(
    api: TestClient, path: str, sent: dict[str, Any], status: int, told: str
) -> None:
    refused = api.post(f"{path}/fine-tune/run", json=sent)
    assert refused.status_code == status
    assert told in refused.json()["error"]


def test_a_model_without_a_leaderboard_must_be_told_which(api: TestClient, ready: Ready, path: str) -> None:
    assert api.patch(path, json={"leaderboard_ids": []}).status_code == 200
    refused = api.post(f"{path}/fine-tune/run")
    assert (refused.status_code, refused.json()["details"]) == (400, {"field": "leaderboard_id"})
    assert asked(api, f"{path}/fine-tune/run", {"leaderboard_id": ready.leaderboard.id})["rows"] == 40


def test_each_path_needs_its_scope(api: TestClient, ready: Ready, path: str) -> None:
    def scoped(*scopes: str) -> TestClient:
        _, secret = access.tokens.create(ready.workspace, "scoped", scopes)
        return TestClient(create_app(), headers={"Authorization": f"Bearer {secret}"})

    reader, writer = scoped("models:read"), scoped("models:write", "leaderboards:*")
    tuner, blind = scoped("models:fine-tune", "leaderboards:read"), scoped("models:fine-tune")
    start = f"{path}/fine-tune/run"
    for client, needed in ((reader, "models:fine-tune"), (writer, "models:fine-tune"), (blind, "leaderboards:read")):
        assert client.post(start).json()["details"] == {"needed": needed}
    run = asked(tuner, start)
    one = f"{path}/fine-tune/runs/{run['id']}"
    for place in (f"{one}/sync", f"{path}/fine-tune/sync", f"{one}/cancel"):
        assert reader.post(place).status_code == 403
        assert blind.post(place).status_code == 200
    for place in (one, f"{path}/fine-tune/runs"):
        assert reader.get(place).status_code == 200
        assert tuner.get(place).status_code == 403
    _, token = access.workspaces.create("another")
    stranger = TestClient(create_app(), headers={"Authorization": f"Bearer {token}"})
    for place in (start, f"{one}/sync", f"{one}/cancel", f"{path}/fine-tune/sync"):
        assert stranger.post(place).status_code == 404
