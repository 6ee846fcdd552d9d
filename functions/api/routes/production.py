"""What serves a leaderboard, what was decided about it, and the way back."""

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import Field

from functions.api import production_views
from functions.api.caller import SCHEMES, Limit, Offset, Reader, Writer
from functions.api.production_views import ProductionView, PromotionList
from gero import leaderboards
from gero.leaderboards import promotions, rollback
from gero.models import Input

router = APIRouter(prefix="/api/leaderboards/{leaderboard_id}/production", tags=["production"], dependencies=SCHEMES)


class RollbackInput(Input):
    """Where to go back to. Nothing of it is needed: then to the model that served before the present one."""

    to: str | None = Field(None, min_length=1, max_length=64, description="Id of a decision: what served after it")


@router.get("")
def read_production(caller: Reader, leaderboard_id: str) -> ProductionView:
    """The model that serves, why, and how far a challenger has come."""
    return production_views.production(leaderboards.get(caller.workspace_id, leaderboard_id))


@router.get("/history")
def list_decisions(caller: Reader, leaderboard_id: str, limit: Limit = 50, offset: Offset = 0) -> PromotionList:
    """Every decision on production, of runs and of people, newest first."""
    leaderboards.get(caller.workspace_id, leaderboard_id)
    found = list(promotions.listed(caller.workspace_id, leaderboard_id, limit + offset))[offset:]
    shown = [production_views.promotion(one) for one in found]
    return PromotionList(decisions=shown, count=len(shown), limit=limit, offset=offset)


@router.post("/rollback")
def roll_back(
    caller: Writer, leaderboard_id: str, wanted: Annotated[RollbackInput | None, Body()] = None
) -> ProductionView:
    """Serve what served before exactly as it was, and pin it. With `to`, repeating the call changes nothing."""
    found = leaderboards.get(caller.workspace_id, leaderboard_id)
    rolled = rollback.roll_back(found, by=caller.token_id, to=wanted.to if wanted else None)
    return production_views.production(rolled)
