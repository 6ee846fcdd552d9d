import json
from pathlib import Path
from typing import Any

import pytest

from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_api import FakeApi


@pytest.mark.parametrize(
    ("options", "triggers", "dataset"),
    [
        (
            '--cron "0 6 * * 1" --timezone Europe/Berlin --rows 5000 --algorithm last_n',
            {"cron": {"preset": "CUSTOM", "expression": "0 6 * * 1", "timezone": "Europe/Berlin"}},
            {"mode": "LIMIT", "limit": {"auto": False, "rows": 5000, "algorithm": "LAST_N"}},
        ),
        ("--every weekly --auto-rows", {"cron": {"preset": "WEEKLY"}}, {"mode": "LIMIT", "limit": {"auto": True}}),
        (
            "--new-data 500 --check hourly --model-version monthly --all-rows",
            {
                "new_data": {"every_new_events": 500, "check_cadence": "HOURLY"},
                "model_version": {"cadence": "MONTHLY"},
            },
            {"mode": "ALL"},
        ),
    ],
)
def test_a_schedule_is_made_of_options(
    gero: Gero, triage: dict[str, Any], api: FakeApi, options: str, triggers: dict[str, Any], dataset: dict[str, Any]
) -> None:
    gero.ok(f"schedule set {options}")
    enabled = {name: {"enabled": True, **trigger} for name, trigger in triggers.items()}
    assert api.requests[-1] == (
        "PUT",
        f"/api/leaderboards/{triage['id']}/schedule",
        {"version": 2, "triggers": enabled, "dataset": dataset, "paused": False},
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("", "say when it runs"),
        ("--rows 5", "say when it runs: --cron, --every, --new-data or --model-version"),
        ("--every daily --cron '0 6 * * 1'", "either --cron or --every"),
        ("--timezone Europe/Berlin", "--timezone is that of --cron or --every"),
        ("--every daily --check hourly", "--check is how often --new-data is looked at"),
        ("--every daily --rows 5 --auto-rows", "one of --rows, --auto-rows and --all-rows"),
        ("--every daily --algorithm LAST_N", "which rows of --rows or --auto-rows"),
        ("--every daily --json-file x.json", "either --json-file or the other options"),
        ("--json-file missing.json", "cannot be read from missing.json"),
    ],
)
def test_contradictory_options_are_a_usage_error(
    gero: Gero, triage: dict[str, Any], options: str, sentence: str
) -> None:
    assert sentence in gero.refused(f"schedule set {options}", exit_code=2)


def test_a_schedule_may_come_from_a_file_as_it_was_shown(
    gero: Gero, triage: dict[str, Any], api: FakeApi, tmp_path: Path
) -> None:
    gero.ok("schedule set --every daily --pause")
    shown = gero.json("schedule show")["schedule"]
    assert shown["paused"] is True
    (tmp_path / "schedule.json").write_text(json.dumps(shown))
    gero.ok("schedule set --new-data 5")
    assert gero.json("schedule set --json-file schedule.json")["schedule"] == shown
    assert "not a JSON object" in gero.refused("schedule set --json-file -", exit_code=2, input="[]")


def test_pausing_and_resuming_change_nothing_else(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    assert "no schedule to pause" in gero.refused("schedule set --pause")
    gero.ok("schedule set --new-data 500 --rows 20")
    before = api.leaderboards[triage["id"]]["schedule"]
    assert "nothing while it is paused" in gero.ok("schedule set --pause")
    assert api.leaderboards[triage["id"]]["schedule"] == {**before, "paused": True}
    gero.ok("schedule set --resume")
    assert api.leaderboards[triage["id"]]["schedule"] == before


def test_a_schedule_is_shown_in_words(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    assert "by hand only: there is no schedule" in gero.ok("schedule show")
    gero.ok("schedule set --cron '0 6 * * 1' --timezone Europe/Berlin --new-data 500 --model-version weekly --rows 20")
    failed = {"last_fired_at": triage["created_at"], "last_trigger": "cron", "run_id": None}
    api.schedule_state = {**failed, "outcome": "skipped: a run is active"}
    shown = " ".join(gero.ok("schedule show").split())
    for told in (
        "runs at 0 6 * * 1, Europe/Berlin; when 500 rows are new, looked at daily; "
        "when a model has a new version, looked at weekly",
        "takes at most 20 rows, a random sample",
        "next in 3 d (",
        "for the clock in 3 d (",
        "for the clock: skipped: a run is active",
    ):
        assert told in shown
    assert "at 0 6 * * 1, Europe/Berlin; when 500" in " ".join(gero.ok("leaderboard show").split())


def test_clearing_asks_unless_yes(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    gero.ok("schedule set --every daily")
    assert "pass --yes to confirm" in gero.refused("schedule clear", exit_code=2)
    assert gero.ok("schedule clear --yes") == "Took the schedule away\n"
    assert api.leaderboards[triage["id"]]["schedule"] is None
