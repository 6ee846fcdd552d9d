"""The command `gero`: a client of the HTTP API, for people and for scripts."""

from gero.cli.commands import (
    candidates,
    datasets,
    inference,
    leaderboards,
    pushing,
    ranking,
    run,
    runs,
    sign_in,
    tokens,
    traces,
)
from gero.cli.root import ACCOUNT, EVALUATE, new_app

__all__ = ["app"]

app = new_app()
for module in (run, ranking, inference, traces, pushing, sign_in):
    app.add_typer(module.group)
app.add_typer(leaderboards.group, name="leaderboard", rich_help_panel=EVALUATE)
app.add_typer(candidates.group, name="candidate", rich_help_panel=EVALUATE)
app.add_typer(datasets.group, name="dataset", rich_help_panel=EVALUATE)
app.add_typer(runs.group, name="runs", rich_help_panel=EVALUATE)
app.add_typer(tokens.group, name="token", rich_help_panel=ACCOUNT)
