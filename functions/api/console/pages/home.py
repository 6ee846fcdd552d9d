"""The way from the bare address to the first page that is of use."""

from fastapi import Request, Response

from functions.api.console.page_router import page_router
from functions.api.console.rendering import goes_to
from functions.api.console.visitor import Visiting

router = page_router()


@router.get("/")
def home(request: Request, visitor: Visiting) -> Response:
    """Leaderboards; for who may only review, the reviews."""
    return goes_to(request, "/leaderboards" if visitor.may("leaderboards:read") else "/reviews")
