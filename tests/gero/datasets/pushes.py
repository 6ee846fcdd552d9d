"""A PUSH dataset without its leaderboard, for tests."""

import math
from collections.abc import Sequence
from typing import Any

from gero import datasets
from gero.datasets import Intake, Pushed, PushRules, Row, intake
from gero.kit import new_id, table


def rules(**fields: Any) -> PushRules:
    return PushRules(**({"max_rows": 1000} | fields))


class Pile:
    """A dataset that takes rows. A row is written as "id" or "id=content"."""

    def __init__(self, **fields: Any) -> None:
        self.rules = rules(**fields)
        self.leaderboard_id = new_id()
        table.transact([intake.opening("w", self.leaderboard_id)])

    def push(self, *names: str, batch_id: str | None = None) -> Pushed:
        """Push as one request, one that may be repeated when it has a `batch_id`."""
        found = list(enumerate(map(row, names)))
        repeatable = batch_id is not None
        return datasets.push("w", self.leaderboard_id, found, self.rules, batch_id or new_id(), repeatable=repeatable)

    def take(self, *names: str) -> int:
        return self.push(*names).accepted

    def remove(self, row_id: str) -> None:
        datasets.remove("w", self.leaderboard_id, row_id, self.rules)

    def consolidate(self) -> list[str]:
        version = datasets.consolidate("w", self.leaderboard_id, self.rules)
        assert version is not None
        return contents(version)

    def totals(self) -> Intake:
        return intake.read("w", self.leaderboard_id)

    def forget(self) -> None:
        """Empty the table: moto copies it whole for each transaction."""
        for partition in (f"WS#w#LB#{self.leaderboard_id}", datasets.claims_partition("w", self.leaderboard_id)):
            table.delete_partition(partition, math.inf)

    def codes(self, *names: str) -> list[str]:
        return [one.code for one in self.push(*names).rejections]


def row(name: str) -> Row:
    row_id, _, text = name.partition("=")
    return Row(row_id, text or row_id, ["yes"])


def contents(version: datasets.DatasetVersion) -> list[str]:
    return [_shown(datasets.decode(line)) for line in datasets.read(version)]


def _shown(found: Row) -> str:
    return found.id if found.id == found.input else f"{found.id}={found.input}"


def names(count: int, first: int = 0) -> Sequence[str]:
    return [f"r{number:05}" for number in range(first, first + count)]
