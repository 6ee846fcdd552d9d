import json
from typing import Any

import pytest

from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_api import FakeApi


def test_a_run_is_started_and_says_how_to_follow_it(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    result = gero("run --rows 20")
    run_id = next(iter(api.runs))
    assert result.stdout == f"Started run {run_id}\n"
    assert f"gero runs show {run_id} -l {triage['id']} --wait" in result.stderr
    assert ("POST", f"/api/leaderboards/{triage['id']}/run", {"rows": 20}) in api.requests


def test_a_run_may_take_some_rows_of_a_version_that_is_named(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    gero.ok("run --rows 20 --algorithm last_n --dataset-version 3")
    assert api.requests[-1][2] == {"rows": 20, "algorithm": "LAST_N", "dataset_version": 3}


def test_waiting_ends_with_the_ranking_and_the_decision(gero: Gero, triage: dict[str, Any]) -> None:
    result = gero("run --wait")
    assert result.exit_code == 0
    assert "small-1" in result.stdout
    assert "0.900" in result.stdout
    assert "First production model: small-1 leads and becomes the first production model." in result.stdout
    assert "completed: 200 calls, 1 error, $0.002" in result.stderr


def test_waiting_with_json_prints_the_final_run_only(gero: Gero, triage: dict[str, Any]) -> None:
    assert gero.json("run --wait")["status"] == "completed"


def test_a_failed_run_fails_the_command_with_its_error(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    api.run_error = "the dataset is empty"
    result = gero("run --wait")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "gero: the run failed: the dataset is empty\n" in result.stderr
    failed = gero("run --wait --json")
    assert failed.exit_code == 1
    assert json.loads(failed.stdout)["error"] == "the dataset is empty"


def test_interrupting_the_wait_leaves_the_run_alone_and_says_how_to_cancel(
    gero: Gero, triage: dict[str, Any], api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gero.cli.polling.time.sleep", interrupt)
    shown = gero.refused("run --wait", exit_code=130)
    run = next(iter(api.runs.values()))
    assert run["status"] == "running"
    assert f"cancel it: gero runs cancel {run['id']} -l {triage['id']}" in shown


def test_a_leaderboard_with_one_candidate_is_refused_in_the_words_of_the_api(gero: Gero, api: FakeApi) -> None:
    api.add_model(api.add_leaderboard("Lonely"), "small-1")
    assert gero.refused("run") == "gero: a run needs at least two models: add another one\n"


def test_runs_are_listed_and_shown_by_the_end_of_their_id(gero: Gero, triage: dict[str, Any]) -> None:
    first = gero.json("run --wait")
    second = gero.json("run")
    listed = gero.ok("runs list")
    assert listed.index(second["id"][-8:]) < listed.index(first["id"][-8:])
    assert [run["id"] for run in gero.json("runs list --limit 1")["runs"]] == [second["id"]]
    shown = gero.ok(f"runs show {first['id'][-8:]}")
    assert first["id"] in shown
    assert "12.5 s" in shown
    assert "1,000 rows, version 1, of which 20, the newest, from acme/rows rows.jsonl at c0ffee" in shown
    assert gero.json("runs show")["id"] == second["id"]


def test_a_run_can_be_followed_later(gero: Gero, triage: dict[str, Any]) -> None:
    gero.ok("run")
    assert "small-1 leads" in gero.ok("runs show --wait")


def test_the_latest_run_is_cancelled(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    run = gero.json("run")
    assert gero.ok("runs cancel") == f"Cancelled run {run['id']}\n"
    assert api.runs[run["id"]]["status"] == "cancelled"
    assert gero.refused("runs show --wait") == "cancelled: 0 calls, 0 errors, $0\ngero: the run was cancelled\n"


def test_without_a_run_there_is_nothing_to_show(gero: Gero, triage: dict[str, Any]) -> None:
    assert "start one with `gero run`" in gero.refused("runs show")


def test_the_ranking_marks_the_production_model_and_gives_the_reason(gero: Gero, triage: dict[str, Any]) -> None:
    assert gero.refused("ranking") == "gero: there is no ranking yet: run the leaderboard first\n"
    gero.ok("run --wait")
    shown = gero.ok('ranking "Support triage"')
    best, second = (line for line in shown.splitlines() if "-1 " in line and "$" in line)
    assert " ".join(best.split()) == "1 ★ small-1 0.900 0.850–0.920 1,000 0 $0.0123 210 ms 1.48 s"
    assert " ".join(second.split()) == "2 big-1 0.800 0.750–0.820 1,000 1 $0.0123 210 ms 1.48 s"
    assert "★ In production: small-1 leads and becomes the first production model." in shown
    assert "big-1: 1 error, the first: the endpoint answered with 500" in shown
    assert gero.json("ranking")["entries"][0]["name"] == "small-1"
