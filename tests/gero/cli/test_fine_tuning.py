"""Training of models."""

import json
from typing import Any

import pytest

from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_api import FakeApi


@pytest.fixture
def tuned(gero: Gero, triage: dict[str, Any]) -> dict[str, Any]:
    made = gero.json("model create --name Tuned --mode fine_tune --base acme/small -l 'Support triage'")
    assert isinstance(made, dict)
    return made


def test_a_training_is_started_with_everything_that_was_asked(
    gero: Gero, tuned: dict[str, Any], triage: dict[str, Any], api: FakeApi
) -> None:
    gero.ok(
        "fine-tune start -m Tuned -l 'Support triage' --dataset-version 2 --rows 500 --algorithm last_n "
        "--training-share 0.9 --base-model small-2 --hyperparameter n_epochs=2 --suffix triage"
    )
    assert api.requests[-1] == (
        "POST",
        f"/api/models/{tuned['id']}/fine-tune/run",
        {
            "leaderboard_id": triage["id"],
            "dataset_version": 2,
            "dataset_size": {"mode": "LIMIT", "limit": {"auto": False, "rows": 500, "algorithm": "LAST_N"}},
            "training_share": 0.9,
            "base_model": "small-2",
            "hyperparameters": {"n_epochs": 2},
            "suffix": "triage",
        },
    )


def test_a_started_training_says_how_to_follow_it(gero: Gero, tuned: dict[str, Any], api: FakeApi) -> None:
    result = gero("fine-tune start")
    run = api.trainings[tuned["id"]][0]
    assert result.stdout == f"Started fine-tuning {run['id']} on 80 rows; 20 rows held out\n"
    assert f"gero fine-tune show {run['id']} -m {tuned['id']} --wait" in result.stderr
    assert api.requests[-1][2] == {"dataset_size": {"mode": "ALL"}}
    assert "give one of --rows" in gero.refused("fine-tune start --rows 20 --auto-rows", exit_code=2)


def test_a_model_without_a_leaderboard_is_refused_in_the_words_of_the_api(gero: Gero) -> None:
    gero.ok("model create --name Lonely --base acme/small")
    assert "name the leaderboard whose rows to train on" in gero.refused("fine-tune start")


def test_waiting_ends_with_the_version_that_came_of_it(gero: Gero, tuned: dict[str, Any]) -> None:
    result = gero("fine-tune start --wait")
    assert result.exit_code == 0
    assert "became version 2: ft:small:acme::1" in " ".join(result.stdout.split())
    assert result.stderr == "running …\nsucceeded\n"
    shown = " ".join(gero.ok("model show").split())
    assert "base ft:small:acme::1" in shown
    assert "trained on 80 rows of" in shown


def test_a_failed_training_fails_the_command_with_its_error(gero: Gero, tuned: dict[str, Any], api: FakeApi) -> None:
    api.training_error = "the file has too few examples"
    result = gero("fine-tune start --wait")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "gero: the training failed: the file has too few examples\n" in result.stderr
    failed = gero("fine-tune show --wait --json")
    assert failed.exit_code == 1
    assert json.loads(failed.stdout)["status"] == "failed"
    assert "the file has too few examples" in gero.ok("fine-tune list")


def test_interrupting_the_wait_leaves_the_training_alone(
    gero: Gero, tuned: dict[str, Any], api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gero.cli.polling.time.sleep", interrupt)
    shown = gero.refused("fine-tune start --wait", exit_code=130)
    run = api.trainings[tuned["id"]][0]
    assert run["status"] == "running"
    assert f"cancel it: gero fine-tune cancel {run['id']} -m {tuned['id']}" in shown


def test_trainings_are_listed_shown_and_looked_at(gero: Gero, tuned: dict[str, Any], api: FakeApi) -> None:
    assert "start with `gero fine-tune start`" in gero.refused("fine-tune show")
    first, second = gero.json("fine-tune start"), gero.json("fine-tune start")
    assert [run["id"] for run in gero.json("fine-tune list -m Tuned")["runs"]] == [second["id"], first["id"]]
    shown = " ".join(gero.ok(f"fine-tune show {first['id'][-8:]}").split())
    assert "trains on 80 rows of version 3 of the dataset of" in shown
    assert "job ftjob-1" in shown
    assert gero.json(f"fine-tune sync {first['id'][-8:]}")["status"] == "running"
    assert gero.ok("fine-tune sync").count("running") == 1
    assert "succeeded" in gero.ok("fine-tune sync")
    assert gero.ok("fine-tune sync") == "No run is open\n"
    assert gero.json("fine-tune sync") == {"runs": [], "count": 0}


def test_the_latest_training_is_cancelled(gero: Gero, tuned: dict[str, Any], api: FakeApi) -> None:
    run = gero.json("fine-tune start")
    assert gero.ok("fine-tune cancel") == f"Fine-tuning {run['id']} is cancelled\n"
    assert gero.refused("fine-tune show --wait") == "cancelled\ngero: the training was cancelled\n"
