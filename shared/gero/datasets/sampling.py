"""Which rows stay when a dataset has more than it may: the documented algorithms, seeded, so the same rows again.

Every row gets a key, and the rows with the smallest keys stay.

- LAST_N: the newest.
- RANDOM_SHUFFLE: each as likely as any other. The key depends on seed and row alone, so a row that was left out by one
  consolidation is left out by the next, and what stays is a fair sample of everything that was ever there.
- WEIGHTED_SHUFFLE: the newest row is 16 times as likely as the oldest, times the row's own `metadata.weight`.
  Weighted sampling without replacement by exponential keys: Efraimidis and Spirakis, 2006.
"""

import hashlib
import math
from typing import Literal, get_args

from gero.datasets.rows import Row

Algorithm = Literal["LAST_N", "RANDOM_SHUFFLE", "WEIGHTED_SHUFFLE"]
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
_DOUBLINGS = 4  # from the oldest row to the newest


def key(algorithm: Algorithm, seed: str, row: Row, position: int, count: int) -> float:
    """The key of a row at `position` (0 is the oldest) of `count`; smaller keys stay."""
    if algorithm == "LAST_N":
        return float(-position)
    uniform = _uniform(seed, row.id)
    if algorithm == "RANDOM_SHUFFLE":
        return uniform
    return -math.log(uniform) / _weight(row, position, count)


def _uniform(seed: str, row_id: str) -> float:
    """A number in (0, 1) that seed and row decide."""
    digest = hashlib.blake2b(f"{seed}\0{row_id}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") + 0.5) / 2**64


def _weight(row: Row, position: int, count: int) -> float:
    own = row.metadata.get("weight", 1)
    own = own if isinstance(own, int | float) and not isinstance(own, bool) and 0 < own < 1e9 else 1
    return float(own) * 2 ** (_DOUBLINGS * position / max(1, count - 1))
