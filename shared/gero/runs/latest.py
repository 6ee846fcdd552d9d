"""Each leaderboard's newest run, kept in an item of its own, so that a list of leaderboards reads no list of runs."""

from collections.abc import Iterable

import msgspec

from gero.kit import table
from gero.kit.table import Write
from gero.runs.run import ACTIVE, Run, Source, Status, partition

_SK = "LATEST_RUN"


class LatestRun(msgspec.Struct, frozen=True):
    """What a list tells of a run. `cost_nanos` is known once it has ended."""

    id: str
    leaderboard_id: str
    source: Source
    status: Status
    created_at: str
    finished_at: str | None = None
    cost_nanos: int = 0

    @property
    def active(self) -> bool:
        """Whether it has not ended."""
        return self.status in ACTIVE


def note(run: Run) -> Write:
    """The write that makes a run its leaderboard's newest; for the transaction that starts it."""
    pk = partition(run.workspace_id, run.leaderboard_id)
    return Write({"pk": pk, "sk": _SK, "leaderboard_id": run.leaderboard_id, "run_id": run.id})


def latest(workspace_id: str, leaderboard_ids: Iterable[str]) -> dict[str, LatestRun]:
    """The newest run of each leaderboard that has one, in two reads however many they are; eventually consistent."""
    notes = table.get_many((partition(workspace_id, one), _SK) for one in leaderboard_ids)
    keys = [(note["pk"], f"RUN#{note['run_id']}") for note in notes]
    found = table.get_many(keys, only=LatestRun.__struct_fields__)
    return {item["leaderboard_id"]: msgspec.convert(item, LatestRun) for item in found}
