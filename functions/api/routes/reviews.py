"""Reviews: people's verdicts on what models answered. A reviewer's token sees items, and not whose answers they are."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from functions.api import review_views
from functions.api.caller import SCHEMES, Reader, Runner
from functions.api.review_views import ClosedView, ItemView, NextView, NotedView, ReviewView
from gero import access, leaderboards, reviews
from gero.access import Principal
from gero.models import Input
from gero.reviews import Opinion, Queue, Verdict

router = APIRouter(prefix="/api/leaderboards/{leaderboard_id}/reviews", tags=["reviews"], dependencies=SCHEMES)


def _reviewer(request: Request) -> Principal:
    principal = access.authenticate(request.headers)
    principal.require("leaderboards:review")
    return principal


Reviewer = Annotated[Principal, Depends(_reviewer)]
Named = Annotated[
    str | None,
    Query(min_length=1, max_length=100, description="Who reviews, where several people share one token; any name goes"),
]


class VerdictInput(Input):
    """A verdict on a pair, or a rating of one answer."""

    verdict: Verdict | None = Field(None, description="Which answer is better: a, b or tie; or skip")
    rating: float | None = Field(None, ge=0, le=1, description="Of mode rating: how good the answer is")
    comment: str | None = Field(None, max_length=2000)
    reviewer: str | None = Field(None, min_length=1, max_length=100, description="As the query parameter")


@router.get("")
def read_review(caller: Reader, leaderboard_id: str) -> ReviewView:
    """How far the latest review is, how its reviewers agree, and where the models stand by it."""
    return review_views.review(_queue(caller, leaderboard_id))


@router.get("/next")
def next_item(caller: Reviewer, leaderboard_id: str, reviewer: Named = None) -> NextView:
    """The item you hold, or a new one, which is yours for ten minutes; `item` is null when nothing is left for you."""
    queue = _queue(caller, leaderboard_id)
    found = reviews.next_item(queue, _name(caller, reviewer))
    return NextView(item=review_views.item(queue, found.shown) if found.shown else None, why=found.why)


@router.post("/close")
def close_review(caller: Runner, leaderboard_id: str) -> ReviewView | ClosedView:
    """End the review by what was said so far; a run that waits for it goes on. Who may not read leaderboards is told
    that it is closed, and no more.
    """
    queue = reviews.close(_queue(caller, leaderboard_id), "closed")
    readable = access.scopes.allows(caller.scopes, "leaderboards:read")
    return review_views.review(queue) if readable else review_views.closed(queue)


@router.post("/{item_id}")
def give_verdict(
    caller: Reviewer, leaderboard_id: str, item_id: str, wanted: VerdictInput, reviewer: Named = None
) -> NotedView:
    """Say your verdict on an item you hold. The same again changes nothing; another one within your ten minutes
    replaces it.
    """
    queue = _queue(caller, leaderboard_id)
    opinion = Opinion(wanted.verdict, wanted.rating, wanted.comment)
    noted = reviews.give(queue, item_id, _name(caller, wanted.reviewer or reviewer), opinion)
    return review_views.noted(noted, item_id)


@router.delete("/{item_id}")
def take_verdict_back(caller: Reviewer, leaderboard_id: str, item_id: str, reviewer: Named = None) -> ItemView:
    """Undo your verdict or skip; the item is yours again for ten minutes."""
    queue = _queue(caller, leaderboard_id)
    shown = reviews.take_back(queue, item_id, _name(caller, reviewer))
    return review_views.item(_queue(caller, leaderboard_id), shown)


def _queue(caller: Principal, leaderboard_id: str) -> Queue:
    leaderboards.get(caller.workspace_id, leaderboard_id)
    return reviews.current(caller.workspace_id, leaderboard_id)


def _name(caller: Principal, reviewer: str | None) -> str:
    """A reviewer is their token; people who share one give their names."""
    return f"{caller.token_id}/{reviewer}" if reviewer else caller.token_id
