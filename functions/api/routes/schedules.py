"""The schedule of a leaderboard: read, set, take away."""

from fastapi import APIRouter, Response
from pydantic import BaseModel

from functions.api.caller import SCHEMES, Reader, Writer
from gero import leaderboards
from gero.leaderboards import Leaderboard, LeaderboardPatch, Schedule, ScheduleState

router = APIRouter(prefix="/api/leaderboards/{leaderboard_id}/schedule", tags=["schedules"], dependencies=SCHEMES)


class NextTime(BaseModel):
    """When a trigger is looked at next."""

    trigger: str
    at: str


class ScheduleView(BaseModel):
    """A schedule, when its triggers are due, the earliest first, and what came of the latest time."""

    schedule: Schedule | None
    next_run_at: str | None
    next: list[NextTime]
    state: ScheduleState | None


@router.get("")
def read_schedule(caller: Reader, leaderboard_id: str) -> ScheduleView:
    """The leaderboard's schedule; `next_run_at` is the next time at which a trigger may start a run."""
    return _view(leaderboards.get(caller.workspace_id, leaderboard_id))


@router.put("")
def set_schedule(caller: Writer, leaderboard_id: str, wanted: Schedule) -> ScheduleView:
    """Set the whole schedule; it counts from now on. A trigger that is not named is off."""
    return _view(leaderboards.patch(caller.workspace_id, leaderboard_id, LeaderboardPatch(schedule=wanted)))


@router.delete("", status_code=204)
def delete_schedule(caller: Writer, leaderboard_id: str) -> Response:
    """Take the schedule away; runs are then started by hand only."""
    leaderboards.patch(caller.workspace_id, leaderboard_id, LeaderboardPatch(schedule=None))
    return Response(status_code=204)


def _view(found: Leaderboard) -> ScheduleView:
    times = sorted(found.next_times.items(), key=lambda one: one[1])
    return ScheduleView(
        schedule=found.schedule,
        next_run_at=found.next_run_at,
        next=[NextTime(trigger=trigger, at=at) for trigger, at in times],
        state=found.schedule_state,
    )
