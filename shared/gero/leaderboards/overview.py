"""A list of leaderboards as people look at it: where each stands, in a few reads however many they are."""

import msgspec

from gero import runs
from gero.datasets import intake
from gero.leaderboards import candidates, store
from gero.leaderboards.leaderboard import Leaderboard
from gero.runs import LatestRun


class Overview(msgspec.Struct, frozen=True):
    """A leaderboard and its newest run; of one without a run also its models, and the rows that its webhook took."""

    leaderboard: Leaderboard
    run: LatestRun | None = None
    models: int = 0
    accepted_rows: int = 0


def overviews(workspace_id: str, *, before: str | None = None, limit: int = 25) -> list[Overview]:
    """The newest leaderboards, those older than the one `before`, and where they stand. At most five reads."""
    found = list(store.listed(workspace_id, before=before, limit=limit))
    latest = runs.latest(workspace_id, [one.id for one in found])
    without = [one for one in found if one.id not in latest]
    models = candidates.counts(workspace_id, [one.id for one in without])
    accepted = intake.accepted_by_all(workspace_id, [one.id for one in without if one.dataset_type == "PUSH"])
    return [Overview(one, latest.get(one.id), models.get(one.id, 0), accepted.get(one.id, 0)) for one in found]
