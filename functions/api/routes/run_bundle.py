"""The bundle of a run: a zip of everything that proves it."""

from datetime import timedelta

from fastapi import APIRouter
from pydantic import BaseModel

from functions.api.caller import SCHEMES, Reader
from gero import leaderboards, runs
from gero.kit import blobs, clock
from gero.leaderboards import run_bundle

router = APIRouter(prefix="/api/leaderboards/{leaderboard_id}/runs/{run_id}", tags=["runs"], dependencies=SCHEMES)
_URL_SECONDS = 900


class BundleView(BaseModel):
    """A signed URL of the zip; it needs no token and works until `expires_at`."""

    run_id: str
    url: str
    expires_at: str
    filename: str
    size_bytes: int
    content_type: str = "application/zip"


@router.post("/bundle")
def make_bundle(caller: Reader, leaderboard_id: str, run_id: str) -> BundleView:
    """Make the bundle of a run that has ended, unless it is there, and a URL that downloads it.

    It holds the run, leaderboard and models as they were, the ranking, the rows and every answer; at most 60,000. It is
    kept for a week, and made again when somebody asks later.
    """
    leaderboard = leaderboards.get(caller.workspace_id, leaderboard_id)
    made = run_bundle.bundle(leaderboard, runs.get(caller.workspace_id, leaderboard_id, run_id))
    disposition = f'attachment; filename="{made.filename}"'
    return BundleView(
        run_id=run_id,
        url=blobs.signed_url(made.key, _URL_SECONDS, ResponseContentDisposition=disposition),
        expires_at=clock.iso(clock.now() + timedelta(seconds=_URL_SECONDS)),
        filename=made.filename,
        size_bytes=made.size,
    )
