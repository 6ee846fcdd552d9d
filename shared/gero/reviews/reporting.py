"""How far a review is, and how much its reviewers agree: for those who run it, not for reviewers."""

from collections import Counter
from itertools import permutations
from typing import NamedTuple

import msgspec

from gero import ranking
from gero.ranking import Agreement
from gero.reviews import items
from gero.reviews.items import Item, Place
from gero.reviews.pool import sketches
from gero.reviews.queue import Queue

_LATEST = 50
_VERDICTS = ("first", "tie", "second")
_TURNED = dict(zip(_VERDICTS, reversed(_VERDICTS), strict=True))


class Progress(NamedTuple):
    """How much of what may have to be reviewed is; a race may make less necessary."""

    reviewed: int
    total: int


class Said(msgspec.Struct, frozen=True):
    """A vote, with whose answers it was on; `preferred` is None for a tie and where answers are rated."""

    at: str
    reviewer: str
    row_id: str
    model_ids: tuple[str, ...]
    preferred: str | None
    rating: int | None
    comment: str | None


class Report(msgspec.Struct, frozen=True):
    """Reviewer -> number of votes; how reviewers of one item agree; the latest votes, newest first."""

    reviewers: dict[str, int]
    agreement: Agreement
    latest: tuple[Said, ...]


def progress(queue: Queue) -> Progress:
    """Items that are done, of those that are (still) to be done."""
    left, reviewed = set(queue.lanes), {lane: queue.reviewed(lane) for lane in queue.all_lanes}
    total = sum(max(queue.rows if lane in left else 0, done) for lane, done in reviewed.items())
    return Progress(sum(reviewed.values()), total)


def report(queue: Queue) -> Report:
    """What can be told of the votes so far."""
    reviewers: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    votes: list[tuple[str, str, Place, Item]] = []
    for place, item in items.listed(queue):
        reviewers.update(item.votes.keys())
        votes += [(vote.at, reviewer, place, item) for reviewer, vote in item.votes.items()]
        pairs.update((one.outcome, other.outcome) for one, other in permutations(item.votes.values(), 2))
    latest = sorted(votes, key=lambda vote: vote[:2], reverse=True)[:_LATEST]
    return Report(dict(reviewers), _agreement(pairs), tuple(_said(queue, *vote[1:]) for vote in latest))


def _agreement(pairs: Counter[tuple[str, str]]) -> Agreement:
    """Of the table in which every two votes count four times: whose is named first says nothing, nor which contender
    is the first.
    """
    table = [[pairs[one, other] + pairs[_TURNED[one], _TURNED[other]] for other in _VERDICTS] for one in _VERDICTS]
    return ranking.cohen_kappa(table, each=4)._replace(low=None, high=None)


def _said(queue: Queue, reviewer: str, place: Place, item: Item) -> Said:
    vote = item.votes[reviewer]
    first, second = queue.contenders[place.lane.first], queue.contenders[place.lane.second]
    return Said(
        at=vote.at,
        reviewer=reviewer,
        row_id=sketches(queue.workspace_id, queue.leaderboard_id, queue.run_id)[place.row].id,
        model_ids=(first, second) if queue.mode == "pairwise" else (first,),
        preferred={"first": first, "second": second}.get(vote.outcome),
        rating=vote.rating,
        comment=vote.comment,
    )
