"""`gero runs`: the history of a leaderboard; follow a run, let it go on, stop it."""

from typing import Annotated

import typer

from gero.cli import lookup, render
from gero.cli.command import Leaderboard, LeaderboardOption, command, new_group
from gero.cli.commands.run import Wait, wait_until_ended
from gero.cli.options import number_or_none
from gero.cli.session import Session

group = new_group("Look at the runs of a leaderboard, resume or cancel one.")

Run = Annotated[
    str | None, typer.Argument(metavar="RUN", help="Id or its end; the latest by default.", show_default=False)
]


@command(group, "list", "gero runs list", 'gero runs list "Support triage" --limit 5')
def list_runs(
    session: Session,
    leaderboard: Leaderboard = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
) -> None:
    """List the runs, the newest first."""
    path = f"/api/leaderboards/{session.leaderboard_id(leaderboard)}/runs"
    found = list(session.api.every(path, "runs", limit))
    session.answer({"runs": found, "count": len(found)}, lambda: render.run_table(found))


@command(group, "show", "gero runs show", 'gero runs show 9b1c22d4 -l "Support triage"', "gero runs show --wait")
def show(session: Session, run: Run = None, leaderboard: LeaderboardOption = None, wait: Wait = False) -> None:
    """Show a run and its ranking, interim while it runs."""
    leaderboard_id = session.leaderboard_id(leaderboard)
    run_id = lookup.run_id(session.api, leaderboard_id, run)
    if wait:
        wait_until_ended(session, leaderboard_id, run_id)
        return
    found = session.api.get(f"/api/leaderboards/{leaderboard_id}/runs/{run_id}")
    session.answer(found, lambda: render.run_card(found))


@command(
    group,
    "resume",
    "gero runs resume --max-cost 10",
    'gero runs resume 9b1c22d4 -l "Support triage" --max-cost none --wait',
)
def resume(
    session: Session,
    run: Run = None,
    leaderboard: LeaderboardOption = None,
    max_cost: Annotated[
        str | None,
        typer.Option("--max-cost", metavar="USD|none", help="What it may spend in all; without it as much as before."),
    ] = None,
    wait: Wait = False,
) -> None:
    """Let a paused run go on, with another limit of its cost where that is why. Nothing is asked twice."""
    leaderboard_id = session.leaderboard_id(leaderboard)
    run_id = lookup.run_id(session.api, leaderboard_id, run)
    body = {} if max_cost is None else {"max_cost_usd": number_or_none("--max-cost", max_cost)}
    resumed = session.api.post(f"/api/leaderboards/{leaderboard_id}/runs/{run_id}/resume", body)
    if wait:
        wait_until_ended(session, leaderboard_id, run_id)
        return
    session.answer(resumed, lambda: f"Run {run_id} goes on")


@command(group, "cancel", "gero runs cancel", 'gero runs cancel 9b1c22d4 -l "Support triage"')
def cancel(session: Session, run: Run = None, leaderboard: LeaderboardOption = None) -> None:
    """Stop a run; what was scored is kept."""
    leaderboard_id = session.leaderboard_id(leaderboard)
    run_id = lookup.run_id(session.api, leaderboard_id, run)
    cancelled = session.api.post(f"/api/leaderboards/{leaderboard_id}/runs/{run_id}/cancel", repeatable=True)
    session.answer(cancelled, lambda: f"Cancelled run {run_id}")
