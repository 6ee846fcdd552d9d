"""Scheduled runs: what is started when the time of a trigger has come. The rules are in `schedule`."""

from typing import Any

import msgspec

from gero import datasets, runs
from gero.kit import GeroError, clock, log
from gero.leaderboards import candidates, planning, store
from gero.leaderboards.leaderboard import Leaderboard
from gero.leaderboards.schedule import Schedule, ScheduleState, TriggerName
from gero.runs import Run

_RUNS_LOOKED_AT = 20  # when none of so many could be planned, it is as if there were none
# What makes a model another one.
_IDENTITY = ("id", "platform", "endpoint_url", "model", "provider", "quantization", "drgero_version", "parameters")


class Fired(msgspec.Struct, frozen=True):
    """What a tick did: runs started, times skipped, leaderboards looked at."""

    started: int
    skipped: int
    looked_at: int


def run_due(limit: int = 100) -> Fired:
    """Start the runs whose time has come, of at most `limit` leaderboards. Harmless when done twice at once."""
    outcomes = [_outcome(leaderboard, due) for leaderboard, due in store.claim_due(limit)]
    fired = [outcome for outcome in outcomes if outcome]
    started = fired.count("started")
    return Fired(started=started, skipped=len(fired) - started, looked_at=len(outcomes))


def _outcome(leaderboard: Leaderboard, due: list[TriggerName]) -> str | None:
    """What came of the triggers that are due; None when none of them asked for a run."""
    assert leaderboard.schedule is not None
    try:
        for trigger in due:
            if _asks(leaderboard, leaderboard.schedule, trigger):
                return _fired(leaderboard, leaderboard.schedule, trigger)
    except Exception as error:  # noqa: BLE001  one leaderboard's trouble must not keep the others waiting
        log.failure("schedule.failed", error, leaderboard_id=leaderboard.id)
        return "failed"
    return None


def _asks(leaderboard: Leaderboard, schedule: Schedule, trigger: TriggerName) -> bool:
    if trigger == "new_data":
        return _new_rows(leaderboard) >= schedule.triggers.new_data.every_new_events
    return trigger == "cron" or _has_new_models(leaderboard)


def _new_rows(leaderboard: Leaderboard) -> int:
    used = next((run.accepted_rows for run in _planned_runs(leaderboard) if run.dataset_version is None), 0)
    return datasets.accepted_rows(leaderboard.workspace_id, leaderboard.id) - used


def _has_new_models(leaderboard: Leaderboard) -> bool:
    latest = next(iter(_planned_runs(leaderboard)), None)
    evaluated = runs.configuration(latest)["models"] if latest else []
    present = candidates.listed(leaderboard.workspace_id, leaderboard.id)
    known = [_identity(model) for model in evaluated]
    callable_ = (candidates.shown(leaderboard.workspace_id, one) for one in present)
    # A Dr.Gero model that is not deployed cannot be compared: a run would be refused.
    return any(_identity(one) not in known for one in callable_ if one["endpoint_url"])


def _identity(model: dict[str, Any]) -> dict[str, Any]:
    return {name: model.get(name) for name in _IDENTITY}


def _planned_runs(leaderboard: Leaderboard) -> list[Run]:
    """The latest runs, newest first, without those that ended before they read the dataset and asked a model."""
    return [run for run in runs.listed(leaderboard.workspace_id, leaderboard.id, _RUNS_LOOKED_AT) if run.planned]


def _fired(leaderboard: Leaderboard, schedule: Schedule, trigger: TriggerName) -> str:
    outcome, run_id = "started", None
    wanted = schedule.dataset
    try:
        run = planning.start_run(leaderboard, "schedule", rows_limit=wanted.rows, algorithm=wanted.limit.algorithm)
        run_id = run.id
    except GeroError as error:
        log.warning("schedule.skipped", leaderboard_id=leaderboard.id, trigger=trigger, code=error.code)
        outcome = f"skipped: {error.message}"
    state = ScheduleState(last_fired_at=clock.iso(), last_trigger=trigger, outcome=outcome, run_id=run_id)
    _note(leaderboard, state)
    return outcome


def _note(leaderboard: Leaderboard, state: ScheduleState) -> None:
    try:
        store.update(
            leaderboard.workspace_id, leaderboard.id, lambda now: now.model_copy(update={"schedule_state": state})
        )
    except GeroError as error:  # deleted meanwhile, or changed all the time: what was started is started
        log.warning("schedule.not_noted", leaderboard_id=leaderboard.id, code=error.code)
