"""`gero ranking` and `gero judge`: which model is best, which serves, and how far the judge can be trusted."""

from gero.cli import render
from gero.cli.command import Leaderboard, command, new_group
from gero.cli.root import EVALUATE
from gero.cli.session import Session

group = new_group()


@command(
    group, "ranking", "gero ranking", "gero ranking \"Support triage\" --json | jq '.entries[0].name'", panel=EVALUATE
)
def ranking(session: Session, leaderboard: Leaderboard = None) -> None:
    """Show the latest ranking; the star marks the production model."""
    found = session.api.get(f"/api/leaderboards/{session.leaderboard_id(leaderboard)}/ranking")
    session.answer(found, lambda: render.ranking_report(found))


@command(group, "judge", "gero judge", 'gero judge "Support triage" --json | jq .agreement', panel=EVALUATE)
def judge(session: Session, leaderboard: Leaderboard = None) -> None:
    """Show how far the judge can be trusted, and what people make of its differences."""
    found = session.api.get(f"/api/leaderboards/{session.leaderboard_id(leaderboard)}/judge")
    session.answer(found, lambda: render.judge_report(found))
