"""Runs: starting, handing out, counting and ending evaluations. Light: workers import it."""

from gero.runs import blocks, matrix, rounds
from gero.runs.latest import LatestRun, latest
from gero.runs.matrix import Answered, Matrix, Show
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
    "Answered",
    "LatestRun",
    "Matrix",
    "Options",
    "Progress",
    "Run",
    "Show",
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
    "latest",
    "listed",
    "look_after",
    "matrix",
    "pause",
    "progress",
    "resume",
    "rounds",
    "show_ranking",
    "start",
]
