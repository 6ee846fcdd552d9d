"""EventBridge: what happened, told to the account's default bus, where rules may wait for it."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from gero.kit import aws

SOURCE: Final = "gero"
MAX_BATCH: Final = 10


class BusEvent(NamedTuple):
    """An event: its name and its JSON object as text, at most 256 KB."""

    detail_type: str
    detail: str


def put(found: Sequence[BusEvent]) -> list[bool]:
    """Put events on the bus, ten a call, and tell of each whether the bus took it."""
    taken: list[bool] = []
    for start in range(0, len(found), MAX_BATCH):
        entries = [
            {"Source": SOURCE, "DetailType": one.detail_type, "Detail": one.detail}
            for one in found[start : start + MAX_BATCH]
        ]
        answer = aws.client("events").put_events(Entries=entries)
        taken += ["EventId" in one for one in answer["Entries"]]
    return taken
