"""Verdicts of people on two answers side by side: counts that merge, and which pair to ask for next."""

import hashlib
from collections.abc import Collection, Iterable
from itertools import combinations
from typing import Literal

import msgspec

Pair = tuple[str, str]
Verdict = Literal["first", "second", "tie"]
Counts = dict[str, dict[str, int]]


class VoteCounts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Integer counts, so that merging is exact in any order; equal votes are equal counts, whatever their order.

    `wins[winner][loser]`; `ties[smaller id][larger id]`. Nothing is stored as 0.
    """

    wins: Counts = {}
    ties: Counts = {}

    @classmethod
    def of(cls, votes: Iterable[tuple[str, str, Verdict]]) -> "VoteCounts":
        """The counts of (first id, second id, verdict) votes; raises ValueError for a candidate against itself."""
        wins: Counts = {}
        ties: Counts = {}
        for first, second, verdict in votes:
            if first == second:
                raise ValueError(f"candidate {first} cannot be compared with itself")
            if verdict == "tie":
                _count(ties, min(first, second), max(first, second), 1)
            else:
                _count(wins, *((first, second) if verdict == "first" else (second, first)), 1)
        return cls(wins, ties)

    def __add__(self, other: "VoteCounts") -> "VoteCounts":
        return VoteCounts(_added(self.wins, other.wins), _added(self.ties, other.ties))

    def won(self, winner: str, loser: str) -> int:
        """How often the one was preferred to the other."""
        return self.wins.get(winner, {}).get(loser, 0)

    def tied(self, one: str, other: str) -> int:
        """How often neither was preferred."""
        return self.ties.get(min(one, other), {}).get(max(one, other), 0)

    def compared(self, one: str, other: str) -> int:
        """How many votes compared the two."""
        return self.won(one, other) + self.won(other, one) + self.tied(one, other)

    @property
    def total(self) -> int:
        """All votes."""
        return sum(count for counts in (self.wins, self.ties) for row in counts.values() for count in row.values())

    def votes_of(self, candidate_id: str) -> int:
        """The votes that a candidate took part in."""
        return sum(
            count
            for counts in (self.wins, self.ties)
            for first, row in counts.items()
            for second, count in row.items()
            if candidate_id in (first, second)
        )

    @property
    def candidates(self) -> tuple[str, ...]:
        """Every candidate with a vote, sorted."""
        sides = {side for counts in (self.wins, self.ties) for first, row in counts.items() for side in (first, *row)}
        return tuple(sorted(sides))

    def to_json(self) -> bytes:
        """Compact JSON; equal counts give equal bytes."""
        return msgspec.json.encode(self, order="deterministic")

    @classmethod
    def from_json(cls, text: bytes | str) -> "VoteCounts":
        """The inverse of `to_json`; raises msgspec.ValidationError."""
        return msgspec.json.decode(text, type=cls)


def next_pair(
    counts: VoteCounts, active: Iterable[str], seed: str, available: Collection[Pair] | None = None
) -> Pair | None:
    """The (smaller id, larger id) pair of survivors that was compared least; None when there is none.

    A race to the top needs a third of the votes of random pairs that way. `seed` decides between equals: give the
    reviewer's name or the number of votes. `available`: the (smaller, larger) pairs that still have something to show.
    """
    pairs = [pair for pair in combinations(sorted(set(active)), 2) if available is None or pair in available]
    return min(pairs, key=lambda pair: (counts.compared(*pair), _lot(seed, pair)), default=None)


def _lot(seed: str, pair: Pair) -> bytes:
    return hashlib.blake2b("\0".join((seed, *pair)).encode(), digest_size=8).digest()


def _count(counts: Counts, first: str, second: str, votes: int) -> None:
    row = counts.setdefault(first, {})
    row[second] = row.get(second, 0) + votes


def _added(one: Counts, other: Counts) -> Counts:
    total = {first: dict(row) for first, row in one.items()}
    for first, row in other.items():
        for second, votes in row.items():
            _count(total, first, second, votes)
    return total
