"""Latency quantiles that merge exactly: a histogram with logarithmic buckets."""

from collections.abc import Mapping
from itertools import accumulate
from math import ceil, log, log1p, pow
from typing import Final

# Part of the stored format: buckets written with another error cannot be read with this one.
RELATIVE_ERROR: Final = 0.02
# A clock cannot resolve less, and zero has no logarithm.
_FLOOR_MS: Final = 0.001


class LatencyHistogram:
    """Counts per bucket `k = ceil(log(value) / log(gamma))` with `gamma = (1 + a) / (1 - a)`.

    A quantile is within `relative_error` (a) of the sample quantile, and merging adds integers, so the result does
    not depend on the order of merging. Buckets and quantiles equal those of DDSketch bit for bit
    (Masson, Rim, Lee 2019, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees").
    """

    __slots__ = ("_gamma", "_multiplier", "buckets", "relative_error")

    def __init__(self, buckets: Mapping[int, int] | None = None, relative_error: float = RELATIVE_ERROR) -> None:
        """`buckets`: bucket number -> count, as `to_buckets` gave it."""
        width = 2 * relative_error / (1 - relative_error)
        self.relative_error = relative_error
        self.buckets: dict[int, int] = dict(buckets or {})
        self._gamma = 1 + width
        # Written as DDSketch writes it: the same rounding puts a value on a boundary into the same bucket.
        self._multiplier = 1 / log1p(width) * log(2)

    def add(self, value_ms: float) -> None:
        """Count one call of `value_ms` milliseconds; raises ValueError or OverflowError if it is not finite."""
        value = _FLOOR_MS if value_ms <= _FLOOR_MS else value_ms
        bucket = ceil(log(value, 2) * self._multiplier)
        self.buckets[bucket] = self.buckets.get(bucket, 0) + 1

    def merge(self, other: "LatencyHistogram") -> None:
        """Add the counts of `other`; raises ValueError when its buckets have another width."""
        if other.relative_error != self.relative_error:
            raise ValueError(f"relative errors differ: {self.relative_error} and {other.relative_error}")
        self.buckets = add_counts(self.buckets, other.buckets)

    @property
    def count(self) -> int:
        """Number of values added."""
        return sum(self.buckets.values())

    def quantile(self, q: float) -> float:
        """The value in ms at quantile `q` of 0..1; raises ValueError when nothing was added."""
        if not 0 <= q <= 1:
            raise ValueError(f"a quantile lies between 0 and 1, not {q}")
        if not self.buckets:
            raise ValueError("no latency was recorded")
        target = q * (self.count - 1)
        ordered = sorted(self.buckets)
        seen = accumulate(self.buckets[bucket] for bucket in ordered)
        bucket = next(bucket for bucket, count in zip(ordered, seen, strict=True) if count > target)
        return pow(2.0, bucket / self._multiplier) * (2.0 / (1 + self._gamma))

    def to_buckets(self) -> dict[int, int]:
        """Bucket number -> count in ascending order: the form that is stored (as a JSON object)."""
        return dict(sorted(self.buckets.items()))


def add_counts(one: Mapping[int, int], other: Mapping[int, int]) -> dict[int, int]:
    """Sum of two sparse counts."""
    total = dict(one)
    for bucket, count in other.items():
        total[bucket] = total.get(bucket, 0) + count
    return total
