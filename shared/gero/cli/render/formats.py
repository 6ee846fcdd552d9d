"""Numbers, money and times as people read them; a dash where there is nothing."""

import re
from datetime import UTC, datetime
from math import floor, log10
from typing import Any, Final

NOTHING: Final = "–"
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def money(usd: float | None) -> str:
    """Dollars with four significant digits below 1, so that a single call's cost is not shown as nothing."""
    if usd is None:
        return NOTHING
    if usd == 0 or usd >= 1:
        return f"${usd:,.2f}" if usd else "$0"
    digits = min(9, 3 - floor(log10(usd)))
    return f"${usd:.{digits}f}".rstrip("0").rstrip(".")


def count(number: int | None) -> str:
    """An integer with separators of thousands."""
    return NOTHING if number is None else f"{number:,}"


def counted(number: int | None, noun: str) -> str:
    """A number of things: "1 error", "2 errors"."""
    return f"{count(number)} {noun if number == 1 else noun + 's'}"


def size(number: float | None) -> str:
    """Bytes in the unit that fits."""
    if number is None:
        return NOTHING
    for unit in ("bytes", "kB", "MB"):
        if number < 1000:
            return f"{number:,.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:,.1f} GB"


def score(value: float | None) -> str:
    """A mean score of 0..1."""
    return NOTHING if value is None else f"{value:.3f}"


def interval(low: float | None, high: float | None) -> str:
    """The limits of a score."""
    return NOTHING if low is None or high is None else f"{low:.3f}–{high:.3f}"


def milliseconds(value: float | None) -> str:
    """A latency, in seconds from 1,000 ms on."""
    if value is None:
        return NOTHING
    if value < 10:
        return f"{value:.1f} ms"
    return f"{value:.0f} ms" if value < 1000 else f"{value / 1000:.2f} s"


def duration(seconds: float | None) -> str:
    """How long something took."""
    if seconds is None:
        return NOTHING
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    hours, minutes = divmod(int(seconds) // _MINUTE, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {int(seconds) % 60:02} s"


def moment(text: str | None) -> datetime | None:
    """An ISO 8601 time of the API; UTC when it names no zone."""
    try:
        parsed = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return parsed.replace(tzinfo=UTC) if parsed and parsed.tzinfo is None else parsed


def age(text: str | None) -> str:
    """How long ago, or in how long: "5 min ago", "in 3 d"."""
    then = moment(text)
    if then is None:
        return NOTHING
    seconds = (datetime.now(UTC) - then).total_seconds()
    size = abs(seconds)
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if size >= unit:
            amount = f"{size / unit:.0f} {name}"
            return f"{amount} ago" if seconds > 0 else f"in {amount}"
    return "just now" if seconds >= 0 else "soon"


def when(text: str | None) -> str:
    """How long ago, or in how long, and at what time of the local clock."""
    then = moment(text)
    return f"{age(text)} ({then.astimezone():%a %d %b %Y %H:%M %Z})" if then else NOTHING


def day(moment_or_seconds: str | float | None) -> str:
    """The date of an ISO 8601 time or of seconds since 1970, in UTC."""
    if isinstance(moment_or_seconds, int | float):
        return f"{datetime.fromtimestamp(moment_or_seconds, UTC):%Y-%m-%d}"
    then = moment(moment_or_seconds)
    return f"{then.astimezone(UTC):%Y-%m-%d}" if then else NOTHING


def short_id(identifier: str | None) -> str:
    """The end of an id, which every command accepts in its place; ids of the same day begin alike (UUIDv7)."""
    return identifier[-8:] if identifier else NOTHING


def plain(value: Any) -> str:
    """Text of others without control characters, which could move the cursor or recolour the terminal."""
    return "" if value is None else _CONTROL.sub("", str(value))


def one_line(value: Any, limit: int = 200) -> str:
    """The beginning of a text on one line."""
    text = " ".join(plain(value).split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
