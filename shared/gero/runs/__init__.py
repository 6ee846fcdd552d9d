"""Runs: starting, handing out, counting and ending evaluations. Light: workers import it."""

from gero.runs import blocks, rounds
from gero.runs.run import Options, Progress, Run, Source, Status
from gero.runs.store import (
    active_run_id,
    begin,
    cancel,
    configuration,
    finish,
    get,
    listed,
    look_after,
    progress,
    show_ranking,
    start,
)

__all__ = [
    "Options",
    "Progress",
    "Run",
    "Source",
    "Status",
    "active_run_id",
    "begin",
    "blocks",
    "cancel",
    "configuration",
    "finish",
    "get",
    "listed",
    "look_after",
    "progress",
    "rounds",
    "show_ranking",
    "start",
]
