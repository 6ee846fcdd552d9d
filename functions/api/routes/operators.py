"""What the deployment does by itself every minute, for operators who want it done now, or by a clock of their own."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.security import APIKeyHeader, HTTPBearer
from pydantic import BaseModel

from gero import access, datasets, leaderboards

_AT_ONCE = 50  # leaderboards: a call has 29 seconds
_DESCRIPTION = "An operator token, `gop_…`, made by `python -m infra.operator create-operator-token`."


def _operator(request: Request) -> str:
    return access.operators.authenticate(request.headers).id


Operator = Annotated[str, Depends(_operator)]
router = APIRouter(
    prefix="/api",
    tags=["operators"],
    dependencies=[
        Depends(HTTPBearer(auto_error=False, scheme_name="OperatorBearer", description=_DESCRIPTION)),
        Depends(
            APIKeyHeader(
                name=access.operators.HEADER, auto_error=False, scheme_name="OperatorToken", description=_DESCRIPTION
            )
        ),
    ],
)


class RunsDue(BaseModel):
    """Runs started, times skipped (each schedule says why), leaderboards looked at."""

    started: int
    skipped: int
    looked_at: int


class ConsolidationsDue(BaseModel):
    """Consolidations handed to their queue."""

    queued: int


@router.post("/leaderboard-schedules/run-due")
def run_due(operator: Operator) -> RunsDue:
    """Start the scheduled runs whose time has come, of at most 50 leaderboards. Safe to repeat, or to call at once."""
    fired = leaderboards.run_due(_AT_ONCE)
    return RunsDue(started=fired.started, skipped=fired.skipped, looked_at=fired.looked_at)


@router.post("/push-datasets/consolidate-due")
def consolidate_due(operator: Operator) -> ConsolidationsDue:
    """Queue the consolidations of pushed rows that are due. Safe to repeat, or to call at once."""
    return ConsolidationsDue(queued=datasets.send_due_consolidations())
