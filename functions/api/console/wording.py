"""How numbers, money, times and states are written on pages."""

import json
from collections.abc import Callable
from typing import Any

from gero.kit import clock

NOTHING = "–"
STATES = {
    "queued": ("Queued", "busy"),
    "running": ("Running", "busy"),
    "paused": ("Paused", "warn"),
    "reviewing": ("In review", "warn"),
    "completed": ("Completed", "good"),
    "failed": ("Failed", "bad"),
    "cancelled": ("Cancelled", "calm"),
}
SOURCES = {"manual": "Manual", "schedule": "Schedule", "dataset_improvement": "Dataset improvement"}
PLATFORMS = {"openrouter": "OpenRouter", "custom": "Custom", "huggingface": "Hugging Face", "drgero": "Dr.Gero"}


def usd(value: float | None) -> str:
    """Dollars, with as many digits as small amounts need: $12.30, $0.0042."""
    if value is None:
        return NOTHING
    if value == 0:
        return "$0"
    sign, size = ("-" if value < 0 else ""), abs(value)
    if size >= 0.995:
        return f"{sign}${size:,.2f}"
    digits = 4 if size >= 0.001 else 6
    shown = f"{size:.{digits}f}".rstrip("0")
    if not float(shown):
        return f"under {sign}$0.000001"
    return f"{sign}${shown if len(shown) > 3 else f'{size:.2f}'}"


def milliseconds(value: float | None) -> str:
    """A latency: 840 ms, 1.2 s."""
    if value is None:
        return NOTHING
    return f"{value:,.0f} ms" if value < 1000 else f"{value / 1000:,.1f} s"


def percent(value: float | None, digits: int = 1) -> str:
    """A share of 1 as a percentage: 0.973 -> 97.3 %."""
    return NOTHING if value is None else f"{100 * value:.{digits}f} %"


def count(value: float | None) -> str:
    """A number of things: 12,345."""
    return NOTHING if value is None else f"{value:,.0f}"


def seconds(value: float | None) -> str:
    """A duration: 12 s, 3 min 20 s, 2 h 5 min."""
    if value is None:
        return NOTHING
    if value < 1:
        return "under 1 s"
    whole = round(value)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def moment(value: str | None) -> str:
    """A time: 2026-11-28 05:30 UTC."""
    return NOTHING if not value else clock.parse(value).strftime("%Y-%m-%d %H:%M UTC")


def ago(value: str | None) -> str:
    """How long ago, or how soon: 5 min ago, in 3 h."""
    if not value:
        return NOTHING
    passed = (clock.now() - clock.parse(value)).total_seconds()
    if abs(passed) < 45:
        return "just now" if passed >= 0 else "in a moment"
    size = _roughly(abs(passed))
    return f"{size} ago" if passed >= 0 else f"in {size}"


def state(status: str) -> tuple[str, str]:
    """The word for a run's status, and its tone: busy, warn, good, bad or calm."""
    return STATES.get(status, (status.capitalize(), "calm"))


def plural(number: float, one: str, many: str | None = None) -> str:
    """`1 row`, `3 rows`."""
    return f"{number:,.0f} {one if number == 1 else many or one + 's'}"


def sentence(text: str) -> str:
    """The API's words as people read them: begun large, ended with a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def pretty_json(value: Any) -> str:
    """A document as people read it."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _roughly(passed: float) -> str:
    for size, name in ((86_400, "day"), (3600, "h"), (60, "min")):
        if passed >= size:
            number = round(passed / size)
            return f"{number} {name}{'s' if name == 'day' and number > 1 else ''}"
    return f"{round(passed)} s"


_SHOWN_APART = frozenset({"input", "output", "messages", "expected", "tool_calls", "feedback"})


def rest(trace: dict[str, Any]) -> dict[str, Any]:
    """Of a trace what is not shown apart, where it says something."""
    return {name: value for name, value in trace.items() if name not in _SHOWN_APART and value not in (None, False)}


FILTERS: dict[str, Callable[..., Any]] = {
    "usd": usd,
    "ms": milliseconds,
    "percent": percent,
    "count": count,
    "seconds": seconds,
    "moment": moment,
    "ago": ago,
    "pretty": pretty_json,
    "rest": rest,
    "sentence": sentence,
}
GLOBALS: dict[str, Any] = {
    "state": state,
    "plural": plural,
    "SOURCES": SOURCES,
    "PLATFORMS": PLATFORMS,
    "NOTHING": NOTHING,
}
