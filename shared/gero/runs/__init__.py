"""Runs: starting, handing out, counting and ending evaluations. Light: workers import it."""

from gero.runs import blocks, rounds
from gero.runs.pausing import pause, resume
from gero.runs.run import Options, Progress, Run, Source, Status
from gero.runs.store import (
    active_run_id,
    await_review,
    begin,
    cancel,
    configuration,
    finish,
    get,
    listed,
    progress,
    show_ranking,
    start,
)
from gero.runs.watching import look_after

__all__ = [
    "Options",
    "Progress",
    "Run",
    "Source",
    "Status",
    "active_run_id",
    "await_review",
    "begin",
    "blocks",
    "cancel",
    "configuration",
    "finish",
    "get",
    "listed",
    "look_after",
    "pause",
    "progress",
    "resume",
    "rounds",
    "show_ranking",
    "start",
]
