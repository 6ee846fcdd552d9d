"""Shadow traffic: how a challenger does on live requests, beside the model that answers them."""

from fastapi import APIRouter

from functions.api import shadow_views
from functions.api.caller import SCHEMES, Reader, Writer
from functions.api.shadow_views import ShadowView
from gero import leaderboards, shadows

router = APIRouter(tags=["production"], dependencies=SCHEMES)


@router.get("/api/leaderboards/{leaderboard_id}/shadow")
@router.get("/v1/leaderboard/{leaderboard_id}/shadow", include_in_schema=False)
def read_shadow(caller: Reader, leaderboard_id: str) -> ShadowView:
    """Production and its challengers on the same live requests, the latest pair first, and the settings in force.

    The share of requests and the challenger are settings of the leaderboard (`inference.shadow`). Challengers are asked
    after production has answered, with the workspace's own keys: no caller waits for them or pays for them.
    """
    return shadow_views.shadow(leaderboards.get(caller.workspace_id, leaderboard_id))


@router.delete("/api/leaderboards/{leaderboard_id}/shadow", status_code=204)
@router.delete("/v1/leaderboard/{leaderboard_id}/shadow", status_code=204, include_in_schema=False)
def forget_shadow(caller: Writer, leaderboard_id: str) -> None:
    """Forget the figures, such as when the traffic has changed. The traces stay; shadowing goes on as it is set."""
    leaderboards.get(caller.workspace_id, leaderboard_id)
    shadows.forget(caller.workspace_id, leaderboard_id)
