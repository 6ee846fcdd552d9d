"""The current ranking."""

from fastapi import APIRouter

from functions.api import ranking_views
from functions.api.caller import SCHEMES, Reader
from functions.api.ranking_views import RankingView
from gero import leaderboards, runs
from gero.kit import Conflict

router = APIRouter(prefix="/api/leaderboards/{leaderboard_id}/ranking", tags=["ranking"], dependencies=SCHEMES)


@router.get("")
def read_ranking(caller: Reader, leaderboard_id: str) -> RankingView:
    """The ranking of the latest completed run, and which model serves."""
    leaderboard = leaderboards.get(caller.workspace_id, leaderboard_id)
    if leaderboard.latest_run_id is None:
        raise Conflict("there is no ranking yet; complete a run first", code="no_ranking")
    run = runs.get(caller.workspace_id, leaderboard_id, leaderboard.latest_run_id)
    document = run.ranking or {"entries": [], "gaps": [], "summary": ""}
    return RankingView(
        **ranking_views.results(document),
        leaderboard_id=leaderboard_id,
        run_id=run.id,
        finished_at=run.finished_at,
        rows=max((entry["n_rows"] for entry in document["entries"]), default=0),
        summary=document["summary"],
        model_selection=leaderboard.model_selection,
        production=leaderboard.production,
        entries=ranking_views.entries(document),
        gaps=document["gaps"],
    )
