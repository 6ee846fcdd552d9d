"""The schedule of a leaderboard in the console: a form beside its JSON."""

import json
from datetime import timedelta
from typing import Any

import pytest

from gero import leaderboards
from gero.kit import clock
from gero.leaderboards import LeaderboardPatch, ScheduleState
from tests.functions.conftest import Ready
from tests.functions.console import Browser, Page, browser_of_nobody
from tests.functions.pushing import Pushing


def address(ready: Ready, end: str) -> str:
    return f"/leaderboards/{ready.leaderboard.id}{end}"


def stored(ready: Ready) -> leaderboards.Leaderboard:
    return leaderboards.get(ready.workspace, ready.leaderboard.id)


def test_a_schedule_is_described_by_the_form_or_by_its_json(browser: Browser, ready: Ready) -> None:
    page = browser.get(address(ready, "/schedule"))
    form = "form[action$='/schedule']"
    page = browser.submit(
        page, form, {"cron": "on", "preset": "CUSTOM", "expression": "0 6 * * 1", "timezone": "Europe/Berlin"}
    )
    assert "The schedule is set" in page.words
    schedule = stored(ready).schedule
    assert schedule
    assert schedule.triggers.cron.expression == "0 6 * * 1"
    page = browser.get(address(ready, "/schedule"))
    assert page.one("[name=expression]")["value"] == "0 6 * * 1"
    document = json.loads(page.one("#f-json").get_text())
    assert document == schedule.model_dump(mode="json")
    document["triggers"]["cron"] = {"enabled": True, "preset": "DAILY"}
    page = browser.submit(page, form, {"json": json.dumps(document)}, button="button[value=json]")
    assert "The schedule is set" in page.words
    again = stored(ready).schedule
    assert again
    assert (again.triggers.cron.preset, again.triggers.cron.expression) == ("DAILY", None)
    browser.submit(browser.get(address(ready, "/schedule")), "form[action$='/schedule/delete']")
    assert stored(ready).schedule is None


@pytest.mark.parametrize(
    ("fields", "button", "told"),
    [
        ({"cron": "on", "preset": "CUSTOM", "expression": "61 * * * *"}, None, "expression"),
        ({"cron": "on", "preset": "DAILY", "timezone": "Mars/Base"}, None, "timezone"),
        ({"cron": None}, None, "enable one of cron"),
        ({"json": "{"}, "button[value=json]", "not JSON"),
        ({"json": '{"triggers": {}, "more": 1}'}, "button[value=json]", "more"),
    ],
)
def test_a_schedule_that_cannot_fire_is_refused(
    browser: Browser, ready: Ready, fields: dict[str, Any], button: str | None, told: str
) -> None:
    page = browser.submit(browser.get(address(ready, "/schedule")), "form[action$='/schedule']", fields, button=button)
    assert page.status == 400
    assert told in page.one("#made").get_text()
    assert stored(ready).schedule is None


def preview(browser: Browser, ready: Ready, **fields: str) -> Page:
    """What htmx shows beside the form for these fields."""
    csrf = str(browser.get(address(ready, "/schedule")).one("form[action='/sign-out'] [name=csrf]")["value"])
    sent = {"csrf": csrf, "cron": "on", "preset": "DAILY", "timezone": "UTC"} | fields
    return Page.of(browser.client.post(address(ready, "/schedule/preview"), data=sent, headers={"hx-request": "true"}))


def test_the_json_beside_the_form_follows_it_and_tells_the_next_three_times(browser: Browser, ready: Ready) -> None:
    today = clock.now()
    part = preview(browser, ready, mode="LIMIT", rows="50", algorithm="LAST_N")
    assert part.status == 200
    document = json.loads(part.one("#f-json").get_text())
    assert document["dataset"] == {"mode": "LIMIT", "limit": {"auto": False, "rows": 50, "algorithm": "LAST_N"}}
    for days in (1, 2, 3):
        assert f"{today + timedelta(days=days):%a %Y-%m-%d} 00:00 UTC" in part.words
    assert stored(ready).schedule is None, "it is not saved"


def test_times_are_told_by_the_clock_of_the_zone(browser: Browser, ready: Ready) -> None:
    part = preview(browser, ready, preset="CUSTOM", expression="30 6 * * 1", timezone="Asia/Kathmandu")
    assert part.words.count("06:30 Asia/Kathmandu") == 3
    assert "Paused: nothing fires" in preview(browser, ready, paused="on").words


def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(browser: Browser, ready: Ready) -> None:
    fields = {"cron": "on", "preset": "CUSTOM", "expression": "61 * * * *", "mode": "LIMIT", "rows": "none"}
    page = browser.submit(browser.get(address(ready, "/schedule")), "form[action$='/schedule']", fields)
    for field, typed in (("expression", "61 * * * *"), ("rows", "none")):
        assert page.one(f"#e-{field}")
        assert page.one(f"[name={field}]")["aria-invalid"] == "true"
        assert page.one(f"[name={field}]")["value"] == typed


@pytest.mark.parametrize(
    ("text", "told"),
    [("{", "this is not JSON"), ("[]", "give a JSON object"), ('{"json": {"a": 5}}', "unknown")],
)
def test_what_is_wrong_with_the_json_is_told(browser: Browser, ready: Ready, text: str, told: str) -> None:
    page = browser.get(address(ready, "/schedule"))
    page = browser.submit(page, "form[action$='/schedule']", {"json": text, "save": "json"})
    assert page.status == 400
    assert told in page.words


@pytest.mark.parametrize(
    "schedule",
    [
        {"triggers": {"cron": {"preset": "MONTHLY", "timezone": "Europe/Berlin"}}},
        {"triggers": {"cron": {"expression": "0 6 * * 1"}, "model_version": {"cadence": "WEEKLY"}}, "paused": True},
        {"triggers": {"new_data": {"check_cadence": "HOURLY", "every_new_events": 25}}},
        {"triggers": {"cron": {}}, "dataset": {"mode": "LIMIT", "limit": {"rows": 9, "algorithm": "LAST_N"}}},
        {"triggers": {"cron": {}}, "dataset": {"mode": "LIMIT", "limit": {"auto": True}}},
    ],
)
def test_a_schedule_goes_through_the_form_unchanged(pushing: Pushing, schedule: dict[str, Any]) -> None:
    place = pushing.workspace, pushing.leaderboard.id
    before = leaderboards.patch(*place, LeaderboardPatch.model_validate({"schedule": schedule})).schedule
    with browser_of_nobody() as browser:
        browser.sign_in(pushing.token)
        page = browser.get(f"/leaderboards/{pushing.leaderboard.id}/schedule")
        page = browser.submit(page, "form[action$='/schedule']")
        assert "The schedule is set" in page.words
        assert "Schedule JSON" in page.words
    assert leaderboards.get(*place).schedule == before


def test_what_happened_last_is_told(browser: Browser, ready: Ready) -> None:
    schedule = {"triggers": {"cron": {"preset": "DAILY"}}}
    leaderboards.patch(ready.workspace, ready.leaderboard.id, LeaderboardPatch.model_validate({"schedule": schedule}))
    assert "it has not fired yet" in browser.get(address(ready, "/detail")).words
    fired = ScheduleState(last_fired_at=clock.iso(), last_trigger="cron", outcome="skipped: a run is active")
    leaderboards.store.update(
        ready.workspace, ready.leaderboard.id, lambda found: found.model_copy(update={"schedule_state": fired})
    )
    for end in ("/detail", "/schedule"):
        assert "skipped: a run is active" in browser.get(address(ready, end)).words
