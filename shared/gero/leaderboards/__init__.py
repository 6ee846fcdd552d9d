"""Leaderboards: the task, its candidates, its schedule, its runs' plans, and the model in production."""

from gero.leaderboards import auto_select, candidates, drafts, notifications, production, run_bundle, trace_rows, trust
from gero.leaderboards.auto_select import AutoSelectInput
from gero.leaderboards.candidates import Candidate, CandidateInput
from gero.leaderboards.dataset_traces import consolidate
from gero.leaderboards.due import Fired, run_due
from gero.leaderboards.leaderboard import (
    FieldMapping,
    Leaderboard,
    LeaderboardInput,
    LeaderboardPatch,
    ModelSelection,
    Production,
)
from gero.leaderboards.overview import Overview, overviews
from gero.leaderboards.plan_limits import count
from gero.leaderboards.planning import plan_run, start_run
from gero.leaderboards.push_settings import PushSettings
from gero.leaderboards.pushed_rows import (
    MAX_PUSHED_BYTES,
    MAX_PUSHED_ROWS,
    check_enough_rows,
    check_takes_rows,
    consolidation,
    improve,
    limits,
    push_answer,
)
from gero.leaderboards.schedule import Schedule, ScheduleState
from gero.leaderboards.store import create, delete, get, listed, patch, sweep, sweep_deleted
from gero.leaderboards.trial_call import TrialCall, try_out

__all__ = [
    "MAX_PUSHED_BYTES",
    "MAX_PUSHED_ROWS",
    "AutoSelectInput",
    "Candidate",
    "CandidateInput",
    "FieldMapping",
    "Fired",
    "Leaderboard",
    "LeaderboardInput",
    "LeaderboardPatch",
    "ModelSelection",
    "Overview",
    "Production",
    "PushSettings",
    "Schedule",
    "ScheduleState",
    "TrialCall",
    "auto_select",
    "candidates",
    "check_enough_rows",
    "check_takes_rows",
    "consolidate",
    "consolidation",
    "count",
    "create",
    "delete",
    "drafts",
    "get",
    "improve",
    "limits",
    "listed",
    "notifications",
    "overviews",
    "patch",
    "plan_run",
    "production",
    "push_answer",
    "run_bundle",
    "run_due",
    "start_run",
    "sweep",
    "sweep_deleted",
    "trace_rows",
    "trust",
    "try_out",
]
