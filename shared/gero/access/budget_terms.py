"""What people say of a token's budget: so many dollars, and when they start anew."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from gero.kit import Invalid, clock, money

MAX_USD = 1_000_000
_NONE = "none"


class BudgetTerms(msgspec.Struct, frozen=True):
    """So many nano-dollars in each day, ISO week or month of UTC; with the interval `none` in all."""

    limit_nanos: int
    reset_interval: str = _NONE


def checked(limit: Decimal | str | int | float | None, reset_interval: str | None) -> BudgetTerms | None:
    """The terms of a limit in dollars; None without one. Invalid names the field and what it may be."""
    interval = reset_interval or _NONE
    if interval not in INTERVALS:
        told = f"budget_reset_interval: {interval!r} is not an interval; use one of {', '.join(INTERVALS)}"
        raise Invalid(told, field="budget_reset_interval")
    if limit is None:
        if interval == _NONE:
            return None
        raise Invalid(
            "budget_reset_interval: there is no budget to reset; give budget_limit too, or use none",
            field="budget_reset_interval",
        )
    return BudgetTerms(_nanos(limit), interval)


def next_reset(reset_interval: str, after: datetime) -> str | None:
    """When the period in which `after` lies ends, as ISO text; None when it never does."""
    start = after.replace(hour=0, minute=0, second=0, microsecond=0)
    end = INTERVALS[reset_interval](start)
    return clock.iso(end) if end else None


def _nanos(limit: Decimal | str | int | float) -> int:
    try:
        nanos = money.to_nanos(limit)
    except ValueError:
        nanos = 0
    if not 0 < nanos <= MAX_USD * money.NANOS_PER_USD:
        told = f"budget_limit: {limit} is not a budget; give dollars above 0, such as 25 or 0.50, up to {MAX_USD:,}"
        raise Invalid(told, field="budget_limit")
    return nanos


def _next_month(day: datetime) -> datetime:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


INTERVALS: dict[str, Callable[[datetime], datetime | None]] = {
    _NONE: lambda day: None,
    "daily": lambda day: day + timedelta(days=1),
    "weekly": lambda day: day + timedelta(days=7 - day.weekday()),
    "monthly": _next_month,
}
"""What ends the period that a UTC midnight lies in."""
