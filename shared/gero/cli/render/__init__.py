"""What people see: tables, cards and progress, made of the API's answers with rich.

Every name is loaded when it is first used, so that `--json` and `--help` do not pay for rich's import.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gero.cli.render.auto_select import selection_report
    from gero.cli.render.base_models import base_model_table, catalogue_in_words
    from gero.cli.render.candidates import candidate_card, candidate_table, trial_card, trial_in_words
    from gero.cli.render.datasets import check_report, dataset_card
    from gero.cli.render.fine_tuning import fine_tune_card, fine_tune_table
    from gero.cli.render.forecast import forecast_in_words, forecast_report
    from gero.cli.render.integrations import integration_table
    from gero.cli.render.leaderboards import leaderboard_card, leaderboard_table
    from gero.cli.render.members import people_table
    from gero.cli.render.models import assigned_table, model_card, model_table, model_version_table
    from gero.cli.render.production import decision_table, production_card, webhook_report
    from gero.cli.render.progress import byte_progress, watch_run
    from gero.cli.render.ranking import ranking_of_run, ranking_report, ranking_table
    from gero.cli.render.reviews import review_item, review_keys, review_progress, review_report
    from gero.cli.render.run_answers import answer_card, matrix_report
    from gero.cli.render.runs import run_card, run_table
    from gero.cli.render.schedules import schedule_card
    from gero.cli.render.shadow import shadow_report
    from gero.cli.render.tables import card
    from gero.cli.render.tokens import push_token_table, token_card, token_table
    from gero.cli.render.traces import trace_card, trace_table
    from gero.cli.render.trust import judge_report
    from gero.cli.render.versions import comparison, row_table, version_table
    from gero.cli.render.workspaces import workspace_report

__all__ = [
    "answer_card",
    "assigned_table",
    "base_model_table",
    "byte_progress",
    "candidate_card",
    "candidate_table",
    "card",
    "catalogue_in_words",
    "check_report",
    "comparison",
    "dataset_card",
    "decision_table",
    "fine_tune_card",
    "fine_tune_table",
    "forecast_in_words",
    "forecast_report",
    "integration_table",
    "judge_report",
    "leaderboard_card",
    "leaderboard_table",
    "matrix_report",
    "model_card",
    "model_table",
    "model_version_table",
    "people_table",
    "production_card",
    "push_token_table",
    "ranking_of_run",
    "ranking_report",
    "ranking_table",
    "review_item",
    "review_keys",
    "review_progress",
    "review_report",
    "row_table",
    "run_card",
    "run_table",
    "schedule_card",
    "selection_report",
    "shadow_report",
    "token_card",
    "token_table",
    "trace_card",
    "trace_table",
    "trial_card",
    "trial_in_words",
    "version_table",
    "watch_run",
    "webhook_report",
    "workspace_report",
]

_MODULES: Final = {
    "auto_select": ("selection_report",),
    "base_models": ("base_model_table", "catalogue_in_words"),
    "candidates": ("candidate_card", "candidate_table", "trial_card", "trial_in_words"),
    "datasets": ("check_report", "dataset_card"),
    "fine_tuning": ("fine_tune_card", "fine_tune_table"),
    "forecast": ("forecast_in_words", "forecast_report"),
    "integrations": ("integration_table",),
    "leaderboards": ("leaderboard_card", "leaderboard_table"),
    "members": ("people_table",),
    "models": ("assigned_table", "model_card", "model_table", "model_version_table"),
    "production": ("decision_table", "production_card", "webhook_report"),
    "progress": ("byte_progress", "watch_run"),
    "ranking": ("ranking_of_run", "ranking_report", "ranking_table"),
    "reviews": ("review_item", "review_keys", "review_progress", "review_report"),
    "run_answers": ("answer_card", "matrix_report"),
    "runs": ("run_card", "run_table"),
    "schedules": ("schedule_card",),
    "shadow": ("shadow_report",),
    "tables": ("card",),
    "tokens": ("push_token_table", "token_card", "token_table"),
    "traces": ("trace_card", "trace_table"),
    "trust": ("judge_report",),
    "versions": ("comparison", "row_table", "version_table"),
    "workspaces": ("workspace_report",),
}


def __getattr__(name: str) -> Any:
    module = next((module for module, names in _MODULES.items() if name in names), None)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{module}"), name)
