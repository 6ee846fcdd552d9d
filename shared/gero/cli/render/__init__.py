"""What people see: tables, cards and progress, made of the API's answers with rich.

Every name is loaded when it is first used, so that `--json` and `--help` do not pay for rich's import.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gero.cli.render.candidates import candidate_card, candidate_table
    from gero.cli.render.datasets import dataset_report
    from gero.cli.render.leaderboards import leaderboard_card, leaderboard_table
    from gero.cli.render.progress import push_progress, watch_run
    from gero.cli.render.ranking import ranking_of_run, ranking_report, ranking_table
    from gero.cli.render.runs import run_card, run_table
    from gero.cli.render.tables import card
    from gero.cli.render.tokens import token_table
    from gero.cli.render.traces import trace_table

__all__ = [
    "candidate_card",
    "candidate_table",
    "card",
    "dataset_report",
    "leaderboard_card",
    "leaderboard_table",
    "push_progress",
    "ranking_of_run",
    "ranking_report",
    "ranking_table",
    "run_card",
    "run_table",
    "token_table",
    "trace_table",
    "watch_run",
]

_MODULES: Final = {
    "candidates": ("candidate_card", "candidate_table"),
    "datasets": ("dataset_report",),
    "leaderboards": ("leaderboard_card", "leaderboard_table"),
    "progress": ("push_progress", "watch_run"),
    "ranking": ("ranking_of_run", "ranking_report", "ranking_table"),
    "runs": ("run_card", "run_table"),
    "tables": ("card",),
    "tokens": ("token_table",),
    "traces": ("trace_table",),
}


def __getattr__(name: str) -> Any:
    module = next((module for module, names in _MODULES.items() if name in names), None)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{module}"), name)
