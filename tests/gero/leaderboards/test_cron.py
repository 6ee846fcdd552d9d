from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from gero.kit import clock
from gero.leaderboards.schedule import CronTrigger

MINUTE = timedelta(minutes=1)


def custom(expression: str, timezone: str = "UTC") -> CronTrigger:
    return CronTrigger(preset="CUSTOM", expression=expression, timezone=timezone)


def fired(trigger: CronTrigger, after: str, count: int) -> list[str]:
    """The next times after a moment of UTC, as the clock of the trigger's zone shows them."""
    moment, times = datetime.fromisoformat(after).replace(tzinfo=UTC), []
    for _ in range(count):
        moment = trigger.next_after(moment)
        times.append(moment.astimezone(ZoneInfo(trigger.timezone)).strftime("%d %H:%M"))
    return times


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
        ({"preset": "CUSTOM", "expression": "0 0 * 2 MON#5"}, "2044-02-29T00:00:00.000Z"),
        ({"preset": "DAILY", "timezone": "Asia/Kolkata"}, "2026-07-01T18:30:00.000Z"),
        ({"preset": "MONTHLY", "timezone": "America/New_York"}, "2026-08-01T04:00:00.000Z"),
    ],
    ids=str,
)
def test_a_cron_fires_at_the_first_of_its_times_after_now(fields: dict[str, Any], expected: str) -> None:
    moment = CronTrigger.model_validate(fields).next_after(datetime(2026, 7, 1, 12, 0, tzinfo=UTC))
    assert clock.iso(moment) == expected


def test_a_time_that_is_now_is_not_after_now() -> None:
    midnight = datetime(2026, 7, 1, tzinfo=UTC)
    assert CronTrigger().next_after(midnight) == midnight + timedelta(days=1)


# Berlin's clock goes from 02:00 to 03:00 on 29 March 2026, and from 03:00 back to 02:00 on 25 October.
@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("30 2 * * *", ["29 03:00", "30 02:30"]),
        ("*/30 2 * * *", ["29 03:00", "30 02:00", "30 02:30"]),
        ("30 1-3 * * *", ["29 01:30", "29 03:00", "29 03:30", "30 01:30"]),
        ("30 */2 * * *", ["29 00:30", "29 03:00", "29 04:30"]),
        ("30 * * * *", ["29 00:30", "29 01:30", "29 03:30"]),
    ],
)
def test_a_time_that_the_clock_leaves_out_fires_once_right_after_it(expression: str, times: list[str]) -> None:
    assert fired(custom(expression, "Europe/Berlin"), "2026-03-28T23:00", len(times)) == times


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("30 2 * * *", ["25 02:30", "26 02:30"]),
        ("*/30 2 * * *", ["25 02:00", "25 02:30", "26 02:00"]),
        ("30 */2 * * *", ["25 02:30", "25 04:30"]),
        ("30 * * * *", ["25 01:30", "25 02:30", "25 02:30", "25 03:30"]),
    ],
)
def test_a_time_that_comes_twice_fires_the_first_time_only(expression: str, times: list[str]) -> None:
    assert fired(custom(expression, "Europe/Berlin"), "2026-10-24T23:00", len(times)) == times


def test_in_the_second_of_two_same_hours_a_time_of_the_first_is_over() -> None:
    assert fired(custom("30 2 * * *", "Europe/Berlin"), "2026-10-25T01:10", 1) == ["26 02:30"]


@st.composite
def field(draw: st.DrawFn, low: int, high: int) -> tuple[str, frozenset[int]]:
    """A field of a cron expression, and what it means."""
    everything = range(low, high + 1)
    kind = draw(st.sampled_from(["*", "*/", "-", ","]))
    if kind == "*":
        return "*", frozenset(everything)
    if kind == "*/":
        step = draw(st.integers(1, high))
        return f"*/{step}", frozenset(everything[::step])
    numbers = sorted(draw(st.sets(st.integers(low, high), min_size=1, max_size=4)))
    if kind == "-":
        first, last = numbers[0], numbers[-1]
        return f"{first}-{last}", frozenset(range(first, last + 1))
    return ",".join(map(str, numbers)), frozenset(numbers)


CHANGES = {
    "Europe/Berlin": ["2026-03-29T01:00", "2026-10-25T01:00"],
    "America/New_York": ["2026-03-08T07:00", "2026-11-01T06:00"],
    "America/Santiago": ["2026-04-05T03:00", "2026-09-06T04:00"],
    "America/Havana": ["2026-03-08T05:00", "2026-11-01T05:00"],
    "Australia/Lord_Howe": ["2026-04-04T15:00", "2026-10-03T15:30"],
}
ANYWHERE = st.tuples(st.sampled_from(["UTC", *CHANGES]), st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)))
AT_A_CHANGE = st.tuples(
    st.sampled_from([(zone, datetime.fromisoformat(at)) for zone, times in CHANGES.items() for at in times]),
    st.integers(-180, 180),
).map(lambda drawn: (drawn[0][0], drawn[0][1] + MINUTE * drawn[1]))


@given(
    field(0, 59),
    field(0, 23),
    field(0, 6),
    ANYWHERE | AT_A_CHANGE,
)
@settings(max_examples=500, deadline=None)
def test_the_next_time_is_later_and_is_the_first_that_matches(
    minute: tuple[str, frozenset[int]],
    hour: tuple[str, frozenset[int]],
    weekday: tuple[str, frozenset[int]],
    when: tuple[str, datetime],
) -> None:
    zone, moment = ZoneInfo(when[0]), when[1].replace(tzinfo=UTC)
    found = custom(f"{minute[0]} {hour[0]} * * {weekday[0]}", zone.key).next_after(moment)
    assert found > moment

    def matches(local: datetime) -> bool:
        days = {day % 7 for day in weekday[1]}
        return local.minute in minute[1] and local.hour in hour[1] and local.isoweekday() % 7 in days

    def left_out(local: datetime) -> bool:
        return local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None)

    local = found.astimezone(zone)
    if not matches(local):  # then it stands for a time that the clock left out just before
        skipped = [local.replace(tzinfo=None, fold=0) - MINUTE * back for back in range(1, 61)]
        assert any(left_out(one.replace(tzinfo=zone)) and matches(one) for one in skipped)
        assert hour[0] != "*"
    step = moment.replace(second=0, microsecond=0) + MINUTE
    for _ in range(3000):
        if step >= found:
            break
        between = step.astimezone(zone)
        assert not matches(between) or (between.fold and hour[0] != "*"), f"{between} was left out"
        step += MINUTE


@given(st.text("0123456789*/-,LW# MONJAN", max_size=20))
@settings(max_examples=300, deadline=None)
def test_any_expression_is_either_refused_or_fires(expression: str) -> None:
    try:
        trigger = custom(expression)
    except ValidationError:
        return
    moment = datetime(2026, 7, 1, tzinfo=UTC)
    assert trigger.next_after(moment) > moment
