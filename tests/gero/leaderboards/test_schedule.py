from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from gero.kit import clock
from gero.leaderboards import LeaderboardInput, Schedule
from gero.leaderboards.schedule import AUTO_ROWS, CronTrigger
from tests.gero.leaderboards.boards import URL


def schedule(**triggers: Any) -> Schedule:
    return Schedule.model_validate({"version": 2, "triggers": triggers})


def test_each_trigger_has_its_own_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 7, 1, 12, 30, tzinfo=UTC))
    every = schedule(
        cron={"preset": "MONTHLY"}, new_data={"check_cadence": "HOURLY"}, model_version={"cadence": "WEEKLY"}
    )
    times = every.next_times()
    assert times == {
        "cron": "2026-08-01T00:00:00.000Z",
        "new_data": "2026-07-01T13:00:00.000Z",
        "model_version": "2026-07-05T00:00:00.000Z",
    }
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 7, 1, 15, 0, tzinfo=UTC))
    assert every.next_times() == times | {"new_data": "2026-07-01T16:00:00.000Z"}
    assert every.model_copy(update={"paused": True}).next_times() == {}


@pytest.mark.parametrize(
    ("dataset", "rows"),
    [
        ({}, None),
        ({"mode": "ALL", "limit": {"rows": 10}}, None),
        ({"mode": "LIMIT"}, AUTO_ROWS),
        ({"mode": "LIMIT", "limit": {"auto": True, "rows": 10, "algorithm": "LAST_N"}}, AUTO_ROWS),
        ({"mode": "LIMIT", "limit": {"auto": False, "rows": 10}}, 10),
    ],
    ids=str,
)
def test_a_scheduled_run_takes_as_many_rows_as_its_limit_says(dataset: dict[str, Any], rows: int | None) -> None:
    wanted = {"triggers": {"cron": {}}, "dataset": dataset}
    assert Schedule.model_validate(wanted).dataset.rows == rows


def test_the_documented_object_is_taken_whole_and_in_camel_case() -> None:
    document = {
        "version": 2,
        "triggers": {
            "model_version": {"enabled": True, "cadence": "WEEKLY"},
            "new_data": {"enabled": True, "check_cadence": "DAILY", "every_new_events": 500},
            "cron": {"enabled": True, "preset": "CUSTOM", "expression": "0 6 * * 1"},
        },
        "dataset": {"mode": "LIMIT", "limit": {"auto": False, "rows": 5000, "algorithm": "LAST_N"}},
    }
    taken = Schedule.model_validate(document)
    assert list(taken.triggers.enabled()) == ["cron", "new_data", "model_version"]
    camel = {"triggers": {"newData": {"checkCadence": "HOURLY", "everyNewEvents": 7}}}
    assert Schedule.model_validate(camel).triggers.new_data.every_new_events == 7


def test_a_schedule_stored_when_cron_was_all_there_was_is_still_read() -> None:
    stored = '{"version":2,"triggers":{"cron":{"enabled":true,"preset":"DAILY","expression":null}}}'
    assert Schedule.model_validate_json(stored) == schedule(cron={})


def custom(expression: str) -> dict[str, Any]:
    return {"triggers": {"cron": {"preset": "CUSTOM", "expression": expression}}}


VALID = {"name": "Tickets", "system_prompt": "Which team?", "dataset_url": URL}


@pytest.mark.parametrize(
    ("wanted", "field", "told"),
    [
        ({}, "triggers", "required"),
        ({"triggers": {}}, "", "schedule.triggers: enable one of cron, new_data"),
        ({"triggers": {"cron": {"enabled": False}}}, "", "schedule.triggers: enable one of"),
        ({"triggers": {"new_data": {}}}, "", "schedule.triggers.new_data: only a PUSH dataset"),
        ({"triggers": {"cron": {"preset": "HOURLY"}}}, "triggers.cron.preset", "DAILY"),
        ({"triggers": {"cron": {"preset": "CUSTOM"}}}, "triggers.cron.expression", "five fields"),
        (custom("* * * *"), "triggers.cron.expression", "five fields"),
        (custom("0 0 0 * * *"), "triggers.cron.expression", "five"),
        (custom("61 * * * *"), "triggers.cron.expression", "minute"),
        (custom("0 0 30 2 *"), "triggers.cron.expression", "day"),
        ({"triggers": {"cron": {"timezone": "Europe/Atlantis"}}}, "triggers.cron.timezone", "'Europe/Atlantis' is no"),
        ({"triggers": {"cron": {"timezone": "Europe"}}}, "triggers.cron.timezone", "IANA"),
        ({"triggers": {"cron": {"timezone": "../../etc/passwd"}}}, "triggers.cron.timezone", "IANA"),
        ({"triggers": {"cron": {"timezone": ""}}}, "triggers.cron.timezone", "IANA"),
        ({"triggers": {"cron": {}, "new_data": {"every_new_events": 0}}}, "triggers.new_data.every_new_events", "1"),
        ({"triggers": {"cron": {}, "model_version": {"cadence": "HOURLY"}}}, "triggers.model_version.cadence", "DAILY"),
        ({"triggers": {"cron": {}, "webhook": {}}}, "triggers.webhook", "Extra"),
        ({"triggers": {"cron": {}}, "dataset": {"mode": "SOME"}}, "dataset.mode", "LIMIT"),
        ({"triggers": {"cron": {}}, "dataset": {"limit": {"auto": False}}}, "dataset.limit", "say how many rows"),
        ({"triggers": {"cron": {}}, "dataset": {"limit": {"rows": 0}}}, "dataset.limit.rows", "1"),
        ({"version": 1, "triggers": {"cron": {}}}, "version", "2"),
    ],
    ids=str,
)
def test_a_faulty_schedule_is_refused_by_its_field(wanted: dict[str, Any], field: str, told: str) -> None:
    with pytest.raises(ValidationError) as refused:
        LeaderboardInput.model_validate(VALID | {"schedule": wanted})
    error = refused.value.errors()[0]
    assert ".".join(map(str, error["loc"])) == (f"schedule.{field}" if field else "")
    assert told in error["msg"]


def test_a_paused_schedule_needs_no_trigger() -> None:
    wanted = {"triggers": {"cron": {"enabled": False}}, "paused": True}
    made = LeaderboardInput.model_validate(VALID | {"schedule": wanted})
    assert made.schedule
    assert made.schedule.next_times() == {}


def test_an_expression_without_a_preset_is_the_schedule_and_with_another_it_is_refused() -> None:
    assert CronTrigger.model_validate({"expression": "0 6 * * 1"}).preset == "CUSTOM"
    with pytest.raises(ValidationError, match="it goes with preset CUSTOM only"):
        CronTrigger.model_validate({"preset": "DAILY", "expression": "0 6 * * 1"})
