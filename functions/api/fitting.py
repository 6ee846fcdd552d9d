"""How much of a list fits into one answer: Lambda answers at most 6 MB."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

_MAX_BYTES = 5_500_000


def fitting(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The first rows that fit into one answer, at least one."""
    left = _MAX_BYTES
    for position, row in enumerate(rows):
        left -= len(json.dumps(json.dumps(row)))  # the answer is a text inside Lambda's own JSON
        if left < 0 and position:
            return
        yield row
