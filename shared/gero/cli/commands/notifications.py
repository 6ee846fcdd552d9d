"""`gero notification`: the webhook that a leaderboard tells of its runs and its production."""

from typing import Annotated

import typer

from gero.cli import render
from gero.cli.command import Leaderboard, LeaderboardOption, Yes, command, new_group
from gero.cli.failure import Failure
from gero.cli.session import Session

group = new_group("Have a URL told when production changes or is held, and when a run ends, pauses or waits.")


@command(
    group,
    "set",
    "gero notification set https://hooks.example.com/gero",
    'gero notification set https://hooks.example.com/gero -l "Support triage" --event production.changed',
    "gero notification set https://hooks.example.com/gero --new-secret > webhook-secret.txt",
)
def set_webhook(
    session: Session,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where events are sent, over https.")],
    leaderboard: LeaderboardOption = None,
    events: Annotated[
        list[str] | None,
        typer.Option("--event", metavar="EVENT", help="Only this one, such as run.failed; repeat for several."),
    ] = None,
    new_secret: Annotated[bool, typer.Option("--new-secret", help="Sign with another secret from now on.")] = False,
) -> None:
    """Set the webhook; a secret that is new is printed once and cannot be shown again."""
    body = {"url": url, **({"events": events} if events else {}), **({"new_secret": True} if new_secret else {})}
    found = session.api.put(_path(session, leaderboard), body)
    secret = found["webhook"].get("secret")
    session.answer(found, lambda: secret or f"Events go to {found['webhook']['url']}, signed with the secret as before")
    if secret:
        session.note("Check signatures with this secret (standardwebhooks.com): store it now, it is not shown again")


@command(group, "show", "gero notification show", 'gero notification show "Support triage"')
def show(session: Session, leaderboard: Leaderboard = None) -> None:
    """Show where events go, and which of them have not arrived."""
    found = session.api.get(_path(session, leaderboard))
    session.answer(found, lambda: render.webhook_report(found))


@command(group, "test", "gero notification test", 'gero notification test "Support triage"')
def try_out(session: Session, leaderboard: Leaderboard = None) -> None:
    """Send a test event now, and tell what came of it."""
    found = session.api.post(f"{_path(session, leaderboard)}/test", repeatable=True)
    if found["delivered"] or session.as_json:
        session.answer(found, lambda: "The test event arrived")
    if not found["delivered"]:
        raise Failure(f"the test event did not arrive: {found['error']}")


@command(group, "remove", "gero notification remove --yes")
def remove(session: Session, leaderboard: Leaderboard = None, yes: Yes = False) -> None:
    """Take the webhook away; its secret is forgotten."""
    path = _path(session, leaderboard)
    session.confirm("Take the webhook away?", yes=yes)
    session.api.delete(path)
    session.answer({"webhook": None}, lambda: "Took the webhook away")


def _path(session: Session, leaderboard: str | None) -> str:
    return f"/api/leaderboards/{session.leaderboard_id(leaderboard)}/notifications"
