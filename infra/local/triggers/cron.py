"""When schedule expressions of EventBridge are due: `rate(5 minutes)`, `cron(0 8 ? * MON-FRI *)`, `at(...)`.

Faithful to the six fields of AWS (minutes, hours, day of month, month, day of week, year) with , - * / ? L W and #,
where 1 is Sunday. Day of month and day of week are alternatives: one of them has to be `?`.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\((.+)\)")
_AT = re.compile(r"at\((.+)\)")
_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_WEEKDAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
_HORIZON_DAYS = 366 * 8 + 1  # a leap day may be eight years away


class ScheduleError(ValueError):
    """The expression is not one that EventBridge accepts."""


def next_due(expression: str, after: datetime) -> datetime | None:
    """The first moment after `after` (aware) at which the schedule fires; None when it never fires again.

    A rate counts from `after`; the fields of a cron expression are read in the timezone of `after`.
    """
    if match := _RATE.fullmatch(expression):
        if int(match[1]) == 0:
            raise ScheduleError(f"{expression} has a rate of zero")
        return after + timedelta(**{match[2] + "s": int(match[1])})
    if match := _CRON.fullmatch(expression):
        return Cron.parse(match[1]).next_due(after)
    if match := _AT.fullmatch(expression):
        moment = datetime.fromisoformat(match[1]).replace(tzinfo=after.tzinfo)
        return moment if moment > after else None
    raise ScheduleError(f"{expression} is no rate(), cron() or at() expression")


@dataclass(frozen=True)
class Cron:
    """A parsed cron expression; the day fields stay texts, because their meaning depends on the month."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    day_of_month: str
    months: frozenset[int]
    day_of_week: str
    years: frozenset[int]

    @classmethod
    def parse(cls, fields: str) -> Cron:
        """Parse the six fields. Raises ScheduleError."""
        parts = fields.upper().split()
        if len(parts) != 6:
            raise ScheduleError(f"cron({fields}) has {len(parts)} fields instead of six")
        minutes, hours, day_of_month, months, day_of_week, years = parts
        if (day_of_month == "?") == (day_of_week == "?"):
            raise ScheduleError(f"cron({fields}) needs ? as exactly one of day of month and day of week")
        cron = cls(
            minutes=tuple(sorted(_values(minutes, 0, 59))),
            hours=tuple(sorted(_values(hours, 0, 23))),
            day_of_month=day_of_month,
            months=frozenset(_values(months, 1, 12, _MONTHS)),
            day_of_week=day_of_week,
            years=frozenset(_values(years, 1970, 2199)),
        )
        cron.is_due_on(date(2000, 1, 1))
        return cron

    def next_due(self, after: datetime) -> datetime | None:
        """The first matching minute after `after`, within the next eight years."""
        start = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
        for offset in range(_HORIZON_DAYS):
            day = start.date() + timedelta(days=offset)
            if not self.is_due_on(day):
                continue
            for hour in self.hours:
                for minute in self.minutes:
                    moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=after.tzinfo)
                    if moment >= start:
                        return moment
        return None

    def is_due_on(self, day: date) -> bool:
        """Whether the schedule fires at all on this day."""
        in_month = self._matches_day_of_month(day) and self._matches_day_of_week(day)
        return in_month and day.month in self.months and day.year in self.years

    def _matches_day_of_month(self, day: date) -> bool:
        field = self.day_of_month
        last = calendar.monthrange(day.year, day.month)[1]
        if field == "?":
            return True
        if field == "L":
            return day.day == last
        if field.endswith("W"):
            return day == _nearest_weekday(day.replace(day=last if field == "LW" else min(_number(field[:-1]), last)))
        return day.day in _values(field, 1, 31)

    def _matches_day_of_week(self, day: date) -> bool:
        field = self.day_of_week
        number = day.isoweekday() % 7 + 1
        if field == "?":
            return True
        if field == "L":
            return number == 7
        if field.endswith("L"):
            last_week = day.day + 7 > calendar.monthrange(day.year, day.month)[1]
            return last_week and number == _number(field[:-1], _WEEKDAYS)
        if "#" in field:
            weekday, nth = field.split("#")
            return number == _number(weekday, _WEEKDAYS) and (day.day - 1) // 7 + 1 == _number(nth)
        return number in _values(field, 1, 7, _WEEKDAYS)


def _nearest_weekday(day: date) -> date:
    """The weekday nearest to `day` within its month."""
    if day.weekday() < 5:
        return day
    shift = -1 if day.weekday() == 5 else 1
    nearest = day + timedelta(days=shift)
    return nearest if nearest.month == day.month else day - timedelta(days=2 * shift)


def _values(field: str, low: int, high: int, names: dict[str, int] | None = None) -> set[int]:
    """The numbers that one field stands for: lists, ranges, steps."""
    values: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        if span == "*":
            first, last = low, high
        else:
            start, dash, end = span.partition("-")
            first = _number(start, names)
            last = _number(end, names) if dash else high if step else first
        if not low <= first <= high or not low <= last <= high or (step and _number(step) == 0):
            raise ScheduleError(f"{part} is not within {low}-{high}")
        values.update(range(first, last + 1, _number(step) if step else 1))
    return values


def _number(text: str, names: dict[str, int] | None = None) -> int:
    if names and text in names:
        return names[text]
    if not text.isdigit():
        raise ScheduleError(f"{text or 'nothing'} is not a number")
    return int(text)
