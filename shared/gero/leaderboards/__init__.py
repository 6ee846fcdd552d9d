"""Leaderboards: the task, its candidates, its schedule, its runs' plans, and the model in production."""

from gero.leaderboards import candidates, production
from gero.leaderboards.candidates import Candidate, CandidateInput
from gero.leaderboards.leaderboard import Leaderboard, LeaderboardInput, LeaderboardPatch, ModelSelection, Production
from gero.leaderboards.planning import plan_run, start_run
from gero.leaderboards.push_settings import PushSettings
from gero.leaderboards.store import claim_due, create, delete, get, listed, patch, sweep, sweep_deleted

__all__ = [
    "Candidate",
    "CandidateInput",
    "Leaderboard",
    "LeaderboardInput",
    "LeaderboardPatch",
    "ModelSelection",
    "Production",
    "PushSettings",
    "candidates",
    "claim_due",
    "create",
    "delete",
    "get",
    "listed",
    "patch",
    "plan_run",
    "production",
    "start_run",
    "sweep",
    "sweep_deleted",
]
