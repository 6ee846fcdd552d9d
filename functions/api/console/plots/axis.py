"""Axes: from values to places in a drawing, and the round numbers at which an axis is marked."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

_STEPS = (1, 2, 2.5, 5, 10)
_APART = 58  # what the text of a mark takes, with some air
# Which marks a decade has, and how wide it must be for them: the closest two are a factor of 2, of 3 or of 10 apart.
_FACTORS = (((1, 2, 5), _APART / math.log10(2)), ((1, 3), _APART / math.log10(3)))


@dataclass(frozen=True)
class Axis:
    """Values from `low` to `high` at the places `start` to `end`; with `log` equal factors are equal distances."""

    low: float
    high: float
    start: float
    end: float
    log: bool
    ticks: tuple[float, ...]

    def place(self, value: float) -> float:
        """Where a value lies, to a tenth; what is outside lies at the end."""
        value = min(max(value, self.low), self.high)
        low, high, at = (math.log(one) for one in (self.low, self.high, value)) if self.log else self._plain(value)
        return round(self.start + (self.end - self.start) * (at - low) / (high - low), 1)

    def _plain(self, value: float) -> tuple[float, float, float]:
        return self.low, self.high, value


def linear(
    values: Sequence[float], start: float, end: float, *, floor: float | None = None, ceiling: float | None = None
) -> Axis:
    """An axis with some five round marks that has room for the values; never beyond `floor` and `ceiling`."""
    low, high = min(values), max(values)
    room = (high - low) * 0.05
    if room <= abs(high) * 1e-9:  # they are one value, but for what floating point adds
        room = abs(high) * 0.1 or 1.0
    low, high = low - room, high + room
    step = _step((high - low) / 5)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step
    low = low if floor is None else max(low, floor)
    high = high if ceiling is None else min(high, ceiling)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    ticks = tuple(float(f"{number * step:.12g}") for number in range(first, last + 1))
    return Axis(low, high, start, end, False, ticks)


def logarithmic(values: Sequence[float], start: float, end: float) -> Axis:
    """An axis of powers of ten for values above 0, with as many marks between or as few of them as have room."""
    low, high = min(values) / 1.2, max(values) * 1.2
    decade = (end - start) / math.log10(high / low)
    factors = next((found for found, least in _FACTORS if decade >= least), (1,))
    every = math.ceil(_APART / decade)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [round(factor * 10.0**power, 12) for power in powers if power % every == 0 for factor in factors]
    return Axis(low, high, start, end, True, tuple(one for one in ticks if low <= one <= high))


def _step(about: float) -> float:
    """The round number next above."""
    power = 10.0 ** math.floor(math.log10(about))
    return next(factor * power for factor in _STEPS if factor * power >= about * 0.999)
