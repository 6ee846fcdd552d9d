"""Faults of rows as lines of text: those with the same reason together, however many lines have it."""

from collections.abc import Iterable
from typing import Any, Final

_SHOWN: Final = 20
_RANGES_SHOWN: Final = 8


def fault_lines(faults: Iterable[Any]) -> list[str]:
    """Faults ({line, field, error}) as a line of text for each reason, the first of many."""
    reasons: dict[str, list[int | None]] = {}
    for fault in faults:
        known = fault if isinstance(fault, dict) else {"error": fault}
        reasons.setdefault(_reason(known), []).append(known.get("line") or None)
    lines = [_line(reason, [place for place in places if place]) for reason, places in reasons.items()]
    rest = len(lines) - _SHOWN
    return lines if rest <= 0 else [*lines[:_SHOWN], f"and {rest:,} more"]


def _reason(fault: dict[str, Any]) -> str:
    error, field = str(fault.get("error", fault)), fault.get("field")
    return f"{field}: {error}" if field and not error.startswith(f"{field}:") else error


def _line(reason: str, places: list[int]) -> str:
    if not places:
        return reason
    ranges = _ranges(sorted(places))
    rest = len(ranges) - _RANGES_SHOWN
    told = ", ".join(f"{first}-{last}" if last > first else f"{first}" for first, last in ranges[:_RANGES_SHOWN])
    more = f" and more, {len(places):,} in all" if rest > 0 else ""
    return f"line{'s' if len(places) > 1 else ''} {told}{more}: {reason}"


def _ranges(numbers: list[int]) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        if ranges and number <= ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges
