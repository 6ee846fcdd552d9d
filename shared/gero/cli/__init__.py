"""The command `gero`: a client of the HTTP API, for people and for scripts."""

from gero.cli.commands import (
    auto_select,
    base_models,
    candidate_tests,
    candidates,
    dataset_changes,
    datasets,
    endpoint,
    exporting,
    fine_tuning,
    inference,
    integrations,
    leaderboards,
    members,
    model_versions,
    models,
    notifications,
    production,
    push_tokens,
    pushing,
    ranking,
    reviews,
    run,
    run_answers,
    runs,
    schedules,
    shadow,
    sign_in,
    telemetry,
    tokens,
    trace_changes,
    traces,
    workspaces,
)
from gero.cli.root import ACCOUNT, EVALUATE, PRODUCTION, new_app

__all__ = ["app"]

app = new_app()
for module in (run, ranking, inference, endpoint, pushing, sign_in, workspaces):
    app.add_typer(module.group)
for module in (exporting, dataset_changes):
    datasets.group.add_typer(module.group)
for module in (candidate_tests, auto_select):
    candidates.group.add_typer(module.group)
models.group.add_typer(model_versions.group)
runs.group.add_typer(run_answers.group)
traces.group.add_typer(trace_changes.group)
app.add_typer(leaderboards.group, name="leaderboard", rich_help_panel=EVALUATE)
app.add_typer(candidates.group, name="candidate", rich_help_panel=EVALUATE)
app.add_typer(base_models.group, name="base-model", rich_help_panel=EVALUATE)
app.add_typer(datasets.group, name="dataset", rich_help_panel=EVALUATE)
app.add_typer(runs.group, name="runs", rich_help_panel=EVALUATE)
app.add_typer(reviews.group, name="review", rich_help_panel=EVALUATE)
app.add_typer(schedules.group, name="schedule", rich_help_panel=EVALUATE)
app.add_typer(production.group, name="production", rich_help_panel=PRODUCTION)
app.add_typer(traces.group, name="traces", rich_help_panel=PRODUCTION)
app.add_typer(shadow.group, name="shadow", rich_help_panel=PRODUCTION)
app.add_typer(notifications.group, name="notification", rich_help_panel=PRODUCTION)
app.add_typer(models.group, name="model", rich_help_panel=PRODUCTION)
app.add_typer(fine_tuning.group, name="fine-tune", rich_help_panel=PRODUCTION)
app.add_typer(push_tokens.group, name="push-token", rich_help_panel=PRODUCTION)
app.add_typer(tokens.group, name="token", rich_help_panel=ACCOUNT)
app.add_typer(members.group, name="member", rich_help_panel=ACCOUNT)
app.add_typer(integrations.group, name="integration", rich_help_panel=ACCOUNT)
app.add_typer(telemetry.group, name="telemetry", rich_help_panel=ACCOUNT)
