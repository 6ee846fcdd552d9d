"""Human review: one pair, or one answer, at a time, without knowing whose it is; and what came of it."""

from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import ValidationError

from functions.api.console import boards
from functions.api.console.page_router import page_router
from functions.api.console.rendering import goes_to, page
from functions.api.console.security import Form
from functions.api.console.submitted import Submitted, faults
from functions.api.console.visitor import Visiting, Visitor
from functions.api.routes import reviews as api
from functions.api.routes.reviews import VerdictInput
from gero import leaderboards, reviews
from gero.kit import Conflict, GeroError, NotFound
from gero.reviews import Queue

router = page_router()
RATINGS = ((1, "bad"), (2, "poor"), (3, "fair"), (4, "good"), (5, "very good"))
ENDS = {
    "winner": "a winner is certain",
    "tie": "the best are equally good",
    "reviewed": "everything was reviewed",
    "closed": "somebody closed it",
    "ended": "its run has ended",
}
_REMEMBERED = 20  # verdicts that can be undone one after the other
Cleared = Annotated[str, Query(max_length=2000)]


@router.get("/reviews")
def list_reviews(request: Request, visitor: Visiting) -> Response:
    """The leaderboards with a review: those that wait for people, and those that are over."""
    visitor.principal.require("leaderboards:review")
    found = [(board, queue) for board in leaderboards.listed(visitor.workspace_id) if (queue := _queue(board))]
    shown = [{"board": board, "queue": queue, "progress": reviews.progress(queue)} for board, queue in found]
    return page(request, "reviews.html", visitor, found=shown, ends=ENDS)


@router.get("/leaderboards/{leaderboard_id}/review")
def review(request: Request, visitor: Visiting, leaderboard_id: str, done: Cleared = "") -> Response:
    """The item that is the visitor's to review."""
    return _item(request, visitor, leaderboard_id, done.split())


@router.get("/leaderboards/{leaderboard_id}/review/agreement")
def agreement(request: Request, visitor: Visiting, leaderboard_id: str) -> Response:
    """How often reviewers of one item said the same; a part of the page, which names no model."""
    visitor.principal.require("leaderboards:review")
    queue = _queue(leaderboards.get(visitor.workspace_id, leaderboard_id))
    if queue is None:
        return Response(status_code=286)  # htmx asks no more
    report = reviews.report(queue)
    return page(request, "parts/agreement.html", visitor, report=report)


@router.get("/leaderboards/{leaderboard_id}/review/results")
def results(request: Request, visitor: Visiting, leaderboard_id: str) -> Response:
    """How far the review is, how reviewers agree, and where the models stand by it."""
    board = boards.find(request, visitor, leaderboard_id)
    names = {one.id: one.name for one in leaderboards.candidates.listed(visitor.workspace_id, leaderboard_id)}
    try:
        found = api.read_review(visitor.principal, leaderboard_id)
    except NotFound:
        found = None
    return boards.board_page(request, "review_results.html", visitor, board, "", review=found, names=names, ends=ENDS)


@router.post("/leaderboards/{leaderboard_id}/review/close")
def close(request: Request, visitor: Visiting, form: Form, leaderboard_id: str) -> Response:
    """End the review by what was said so far."""
    visitor.principal.require("leaderboards:run")
    api.close_review(visitor.principal, leaderboard_id)
    back = "/review/results" if visitor.may("leaderboards:read") else "/review"
    return goes_to(request, f"/leaderboards/{leaderboard_id}{back}", "The review is closed; its run goes on.")


@router.post("/leaderboards/{leaderboard_id}/review/undo")
def undo(request: Request, visitor: Visiting, form: Form, leaderboard_id: str) -> Response:
    """Take the latest verdict back and show its item again."""
    visitor.principal.require("leaderboards:review")
    *done, latest = form.text("done").split() or [""]
    if not latest:
        return _item(request, visitor, leaderboard_id, [], "There is nothing to take back.", "failed")
    try:
        api.take_verdict_back(visitor.principal, leaderboard_id, latest)
    except GeroError as error:
        return _item(request, visitor, leaderboard_id, done, error.message, "failed")
    return _item(request, visitor, leaderboard_id, done, "Taken back.")


@router.post("/leaderboards/{leaderboard_id}/review/{item_id}")
def give(request: Request, visitor: Visiting, form: Form, leaderboard_id: str, item_id: str) -> Response:
    """Note a verdict and show the next item."""
    visitor.principal.require("leaderboards:review")
    done = form.text("done").split()
    try:
        api.give_verdict(visitor.principal, leaderboard_id, item_id, _verdict(form))
    except ValidationError as error:
        return _item(request, visitor, leaderboard_id, done, ". ".join(faults(error).values()), "failed")
    except Conflict as error:  # such as that the item is not theirs any more; the next one may be
        return _item(request, visitor, leaderboard_id, done, error.message, "failed")
    return _item(request, visitor, leaderboard_id, [*done, item_id])


def _verdict(form: Submitted) -> VerdictInput:
    said = form.text("verdict")
    fields: dict[str, Any] = {"comment": form.optional("comment")}
    if said in {str(number) for number, _ in RATINGS}:
        return VerdictInput(rating=(int(said) - 1) / 4, **fields)
    return VerdictInput.model_validate({"verdict": said, **fields})


def _item(
    request: Request, visitor: Visitor, leaderboard_id: str, done: list[str], told: str = "", kind: str = "done"
) -> Response:
    """The next item; of a form that htmx did not send, by way of the page's own address."""
    done = done[-_REMEMBERED:]
    if request.method == "POST" and "hx-request" not in request.headers:
        return goes_to(request, f"/leaderboards/{leaderboard_id}/review?done={'+'.join(done)}", told, kind)
    visitor.principal.require("leaderboards:review")
    board = leaderboards.get(visitor.workspace_id, leaderboard_id)
    try:
        found = api.next_item(visitor.principal, leaderboard_id)
        item, why = found.item, found.why
    except NotFound as error:
        item, why = None, error.message
    closed = item is None and (queue := _queue(board)) is not None and queue.status != "open"
    template = "parts/review_item.html" if "hx-request" in request.headers else "review.html"
    return page(
        request,
        template,
        visitor,
        leaderboard=board,
        item=item,
        why=why,
        closed=closed,
        done=done,
        told=told,
        kind=kind,
        ratings=RATINGS,
    )


def _queue(board: leaderboards.Leaderboard) -> Queue | None:
    """The board's latest review, where it may have one."""
    if board.eval_type == "exact":
        return None
    try:
        return reviews.current(board.workspace_id, board.id)
    except NotFound:
        return None
