"""`gero shadow`: how a challenger does on live requests, beside the model that answers them."""

from gero.cli import render
from gero.cli.command import Leaderboard, Yes, command, new_group
from gero.cli.session import Session

group = new_group("See how a challenger does on live requests, beside the model that answers them.")


@command(group, "show", "gero shadow show", 'gero shadow show "Support triage" --json | jq .pairs[0].told')
def show(session: Session, leaderboard: Leaderboard = None) -> None:
    """Show production and its challengers on the same live requests, and who is asked now."""
    found = session.api.get(_path(session, leaderboard))
    session.answer(found, lambda: render.shadow_report(found))


@command(group, "forget", "gero shadow forget", 'gero shadow forget "Support triage" --yes')
def forget(session: Session, leaderboard: Leaderboard = None, yes: Yes = False) -> None:
    """Forget the figures, such as when the traffic has changed; shadowing goes on as it is set."""
    path = _path(session, leaderboard)
    session.confirm("Forget what is known of all challengers on live requests?", yes=yes)
    session.api.delete(path)
    session.answer({"pairs": []}, lambda: "Forgot the figures; the traces stay")


def _path(session: Session, leaderboard: str | None) -> str:
    return f"/api/leaderboards/{session.leaderboard_id(leaderboard)}/shadow"
