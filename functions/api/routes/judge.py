"""How far a leaderboard's judge can be trusted."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from functions.api.caller import SCHEMES, Reader
from gero import leaderboards

router = APIRouter(prefix="/api/leaderboards/{leaderboard_id}/judge", tags=["ranking"], dependencies=SCHEMES)


class JudgeCardView(BaseModel):
    """The judge of the latest completed run, with all that people have said since. Shares are 0..1, limits of 95 %.

    `flip_rate`: how often it gave another verdict when asked twice. `length_slope`: score per 1,000 characters of
    answer. `agreement`: with people. `comparisons`: differences by the judge, by people and by both. `provisional`: why
    its ranking cannot be trusted yet.
    """

    run_id: str
    name: str
    identity: str
    mode: str
    why: str | None
    warnings: list[str]
    reference_id: str | None
    audit_percent: int
    n_judged: int
    n_unjudged: int
    n_audits: int
    flip_rate: float | None
    flip_low: float | None
    flip_high: float | None
    length_slope: float | None
    length_slope_low: float | None
    length_slope_high: float | None
    agreement: dict[str, Any]
    labels_needed: int
    comparisons: list[dict[str, Any]]
    provisional: str | None


@router.get("")
def read_judge(caller: Reader, leaderboard_id: str) -> JudgeCardView:
    """The judge card."""
    return JudgeCardView(**leaderboards.trust.card(leaderboards.get(caller.workspace_id, leaderboard_id)))
