"""What a reviewer may say of an item, and what that makes of it."""

from typing import Literal, NamedTuple

from gero.kit import Conflict, Invalid, clock
from gero.reviews.items import Item, Vote
from gero.reviews.queue import Outcome, Queue
from gero.traces import SCORE_SCALE

Verdict = Literal["a", "b", "tie", "skip"]


class Opinion(NamedTuple):
    """What a reviewer says of an item: a verdict on a pair, or a rating of an answer from 0 to 1."""

    verdict: Verdict | None = None
    rating: float | None = None
    comment: str | None = None


def outcome_of(queue: Queue, opinion: Opinion, flipped: bool) -> Outcome | None:
    """What is said of the contenders; None for a skip. Invalid when it does not fit the queue."""
    if opinion.verdict == "skip":
        return None
    if queue.mode == "rating":
        if opinion.rating is None or opinion.verdict is not None:
            raise Invalid("rating: send a number from 0 to 1, or the verdict skip", field="rating")
        return "rated"
    if opinion.verdict is None or opinion.rating is not None:
        raise Invalid("verdict: send a, b, tie or skip", field="verdict")
    if opinion.verdict == "tie":
        return "tie"
    return "first" if (opinion.verdict == "a") != flipped else "second"


def given(queue: Queue, item: Item, reviewer: str, outcome: Outcome | None, opinion: Opinion) -> Item | None:
    """The item with what was said; None when it says so already. Conflict when it is not the reviewer's (any more)."""
    if outcome is None:
        if reviewer in item.skips:
            return None
        _check_theirs(queue, item, reviewer)
        return item.skipped(reviewer)
    earlier = item.votes.get(reviewer)
    until = earlier.until if earlier else item.holds.get(reviewer, "")
    rating = None if opinion.rating is None else round(opinion.rating * SCORE_SCALE)
    vote = Vote(outcome, clock.iso(), until, rating, opinion.comment)
    if vote.same(earlier) and opinion.comment in (None, earlier and earlier.comment):
        return None
    _check_theirs(queue, item, reviewer)
    return item.voted(reviewer, vote)


def _check_theirs(queue: Queue, item: Item, reviewer: str) -> None:
    earlier = item.votes.get(reviewer)
    if earlier:
        if earlier.until <= clock.iso():
            raise Conflict("you reviewed this item a while ago; undo that first", code="reviewed")
        return
    if reviewer not in item.holds or not item.free_for(reviewer, queue.reviewers_per_item):
        raise Conflict("this item is not yours (any more); ask for the next one", code="not_reserved")
