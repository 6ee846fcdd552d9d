"""`gero production`: what serves a leaderboard, what was decided about it, the way back, and the last word."""

from typing import Annotated

import typer

from gero.cli import lookup, render
from gero.cli.command import Leaderboard, LeaderboardOption, Yes, command, new_group
from gero.cli.session import Session

group = new_group("See which model serves and why, look up every decision, go back, or have the last word.")

_LOOKED_AT = 200  # decisions among which --to looks for one


@command(group, "show", "gero production show", 'gero production show "Support triage" --json | jq .pending')
def show(session: Session, leaderboard: Leaderboard = None) -> None:
    """Show the model that serves, why, and how far a challenger has come."""
    found = session.api.get(_path(session, leaderboard))
    session.answer(found, lambda: render.production_card(found))


@command(group, "history", "gero production history", 'gero production history "Support triage" --limit 5')
def history(
    session: Session,
    leaderboard: Leaderboard = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many decisions.")] = 20,
) -> None:
    """List what runs and people decided about production, newest first."""
    found = session.api.get(f"{_path(session, leaderboard)}/history", limit=limit)
    session.answer(found, lambda: render.decision_table(found["decisions"]))


@command(
    group,
    "rollback",
    "gero production rollback",
    'gero production rollback -l "Support triage" --to 3f9a0c12 --yes',
)
def rollback(
    session: Session,
    leaderboard: LeaderboardOption = None,
    to: Annotated[
        str | None, typer.Option(metavar="DECISION", help="Serve what served after this decision of the history.")
    ] = None,
    yes: Yes = False,
) -> None:
    """Serve what served before, exactly as it was, and pin it so that no run undoes that."""
    path = _path(session, leaderboard)
    body = {"to": _decision(session, path, to)} if to else {}
    session.confirm("Serve what served before, and pin it?", yes=yes)
    rolled = session.api.post(f"{path}/rollback", body, repeatable=to is not None)
    session.answer(rolled, lambda: str(rolled["told"]))


@command(group, "pin", "gero production pin small-1", 'gero production pin small-1 -l "Support triage"')
def pin(
    session: Session,
    candidate: Annotated[str, typer.Argument(metavar="CANDIDATE", help="Name or id of the model that is to serve.")],
    leaderboard: LeaderboardOption = None,
) -> None:
    """Serve one model whatever runs find, from now on or, before the first run, once it is over."""
    leaderboard_id = session.leaderboard_id(leaderboard)
    found = lookup.candidate(session.api, leaderboard_id, candidate)
    selection = {"mode": "manual", "model_id": found["id"]}
    changed = session.api.patch(f"/api/leaderboards/{leaderboard_id}", {"model_selection": selection})
    session.answer(changed, lambda: f"Pinned {found['name']}: runs do not replace it")


@command(group, "unpin", "gero production unpin", 'gero production unpin "Support triage"')
def unpin(session: Session, leaderboard: Leaderboard = None) -> None:
    """Take the pin away: the top of the latest ranking serves, and runs replace it as the policy allows."""
    path = f"/api/leaderboards/{session.leaderboard_id(leaderboard)}"
    changed = session.api.patch(path, {"model_selection": {"mode": "ranking_winner"}})
    name = (changed.get("production") or {}).get("name")
    session.answer(changed, lambda: f"Took the pin away{f'; {name} serves' if name else ''}")


def _decision(session: Session, path: str, reference: str) -> str:
    if lookup.is_id(reference):
        return reference
    found = session.api.get(f"{path}/history", limit=_LOOKED_AT)["decisions"]
    return str(lookup.choose([{**one, "name": one["id"]} for one in found], reference, "decision")["id"])


def _path(session: Session, leaderboard: str | None) -> str:
    return f"/api/leaderboards/{session.leaderboard_id(leaderboard)}/production"
