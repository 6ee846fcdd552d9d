from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from gero import leaderboards
from gero.kit import clock
from gero.leaderboards import Leaderboard, LeaderboardPatch
from gero.leaderboards.schedule import Schedule
from tests.gero.leaderboards.boards import board


def cron(**fields: Any) -> dict[str, Any]:
    return {"version": 2, "triggers": {"cron": {"enabled": True, **fields}}}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "2026-07-02T00:00:00.000Z"),
        ({"preset": "DAILY"}, "2026-07-02T00:00:00.000Z"),
        ({"preset": "WEEKLY"}, "2026-07-05T00:00:00.000Z"),
        ({"preset": "MONTHLY"}, "2026-08-01T00:00:00.000Z"),
        ({"preset": "CUSTOM", "expression": "30 6 * * 1"}, "2026-07-06T06:30:00.000Z"),
        ({"preset": "CUSTOM", "expression": "*/15 * * * *"}, "2026-07-01T12:15:00.000Z"),
        ({"preset": "CUSTOM", "expression": "0 0 29 2 *"}, "2028-02-29T00:00:00.000Z"),
    ],
)
def test_the_next_time_is_the_first_after_now_in_utc(fields: dict[str, Any], expected: str) -> None:
    schedule = Schedule.model_validate(cron(**fields))
    moment = schedule.next_after(datetime(2026, 7, 1, 12, 0, tzinfo=UTC))
    assert moment is not None
    assert clock.iso(moment) == expected


def test_a_time_that_is_now_is_not_after_now() -> None:
    midnight = datetime(2026, 7, 1, tzinfo=UTC)
    assert Schedule.model_validate(cron()).next_after(midnight) == midnight + timedelta(days=1)


def test_a_trigger_that_is_off_has_no_time() -> None:
    assert Schedule.model_validate(cron(enabled=False)).next_after(clock.now()) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"preset": "HOURLY"},
        {"preset": "CUSTOM"},
        {"preset": "CUSTOM", "expression": "* * * *"},
        {"preset": "CUSTOM", "expression": "0 0 0 * * *"},
        {"preset": "CUSTOM", "expression": "61 * * * *"},
        {"preset": "CUSTOM", "expression": "0 0 30 2 *"},
        {"preset": "CUSTOM", "expression": "a b c d e"},
        {"unknown": 1},
    ],
    ids=str,
)
def test_a_schedule_that_can_never_fire_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Schedule.model_validate(cron(**fields))


@pytest.fixture
def due(cloud: None, monkeypatch: pytest.MonkeyPatch) -> Leaderboard:
    made = board(schedule=cron())
    board()
    assert list(leaderboards.claim_due()) == []
    moment = clock.parse(str(made.next_run_at)) + timedelta(seconds=30)
    monkeypatch.setattr(clock, "now", lambda: moment)
    return made


def test_a_leaderboard_whose_time_has_come_is_claimed_once_and_moved_on(due: Leaderboard) -> None:
    (claimed,) = leaderboards.claim_due()
    assert claimed.id == due.id
    assert str(claimed.next_run_at) > str(due.next_run_at)
    assert leaderboards.get("w", due.id) == claimed
    assert list(leaderboards.claim_due()) == []


@pytest.mark.usefixtures("atomic_cloud")
def test_of_many_ticks_at_once_one_claims(due: Leaderboard) -> None:
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda _: list(leaderboards.claim_due()), range(8)))
    assert sum(map(len, claimed)) == 1


def test_a_schedule_taken_away_or_switched_off_never_fires(due: Leaderboard) -> None:
    other = board(schedule=cron())
    leaderboards.patch("w", due.id, LeaderboardPatch(schedule=None))
    leaderboards.patch("w", other.id, LeaderboardPatch.model_validate({"schedule": cron(enabled=False)}))
    assert list(leaderboards.claim_due()) == []
    assert leaderboards.get("w", due.id).next_run_at is None


def test_another_change_leaves_the_next_time_as_it_is(due: Leaderboard) -> None:
    assert leaderboards.patch("w", due.id, LeaderboardPatch(name="x")).next_run_at == due.next_run_at


def test_a_deleted_leaderboard_never_fires(due: Leaderboard) -> None:
    leaderboards.delete("w", due.id)
    assert list(leaderboards.claim_due()) == []
