"""Which candidates are worth a look: no other is as good in quality, cost and latency and better in one of them."""

from collections.abc import Iterable
from math import inf
from typing import Protocol


class Priced(Protocol):
    """What is weighed; estimates as they stand, without their uncertainty."""

    @property
    def candidate_id(self) -> str:
        """Who."""
        ...

    @property
    def complete(self) -> bool:
        """Whether it can be put into production."""
        ...

    @property
    def score(self) -> float | None:
        """Higher is better."""
        ...

    @property
    def cost_nanos_per_1000_rows(self) -> int:
        """Lower is better; 0 = nobody told a price."""
        ...

    @property
    def latency_p95_ms(self) -> float | None:
        """Lower is better."""
        ...


def pareto_front(entries: Iterable[Priced]) -> set[str]:
    """Ids of the complete entries that none dominates.

    An unknown cost or latency counts as the highest: it never displaces a known one, and where none is known it
    decides nothing.
    """
    complete = [(entry.candidate_id, _burdens(entry)) for entry in entries if entry.complete]
    return {
        key
        for key, burdens in complete
        if not any(_dominates(others, burdens) for other, others in complete if other != key)
    }


def _burdens(entry: Priced) -> tuple[float, float, float]:
    latency = entry.latency_p95_ms
    return -(entry.score or 0.0), entry.cost_nanos_per_1000_rows or inf, inf if latency is None else latency


def _dominates(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))
