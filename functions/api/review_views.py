"""What reviewers see, who must not know whose answers they read; and what those who run a review see."""

from typing import Any

from pydantic import BaseModel, Field

from gero import reviews
from gero.reviews import Mode, PeopleStanding, Queue, Shown
from gero.traces import SCORE_SCALE


class ItemProgressView(BaseModel):
    """How far the review is; a race may make less necessary than `total`."""

    reviewed: int
    total: int


class ItemView(BaseModel):
    """Something to review: two answers to one question, or one. Nothing tells whose they are."""

    item_id: str
    mode: Mode
    input: str
    expected: list[str]
    rubric: str | None
    a: str | None = Field(None, description="Of mode pairwise: the answer on the left")
    b: str | None = Field(None, description="Of mode pairwise: the answer on the right")
    answer: str | None = Field(None, description="Of mode rating: the answer to rate")
    expires_at: str = Field(description="Until when it is yours, and your verdict may be changed")
    progress: ItemProgressView


class NextView(BaseModel):
    """The next item, or null and why there is none."""

    item: ItemView | None
    why: str | None


class NotedView(BaseModel):
    """That a verdict was noted, and how far the review is."""

    item_id: str
    status: str
    progress: ItemProgressView


class ContenderView(BaseModel):
    """Where a model stands by people's verdicts. `rating`: Bradley–Terry, 1000 is the mean of the field."""

    model_id: str
    rating: float | None = None
    rating_low: float | None = None
    rating_high: float | None = None
    rank_low: int | None = None
    rank_high: int | None = None
    wins: int = 0
    losses: int = 0
    ties: int = 0
    score: float | None = Field(None, description="Mean rating, or share of comparisons won")
    reviewed: int = Field(0, description="Items that count for it")
    in_race: bool = True


class AgreementView(BaseModel):
    """How often two reviewers of one item said the same."""

    pairs: int
    share: float | None
    kappa: float | None


class VoteView(BaseModel):
    """A vote. `preferred_model_id` is null for a tie and where answers are rated."""

    at: str
    reviewer: str
    row_id: str
    model_ids: list[str]
    preferred_model_id: str | None
    rating: float | None
    comment: str | None


class ReviewView(BaseModel):
    """A leaderboard's review: progress, votes, agreement, standing."""

    run_id: str
    mode: Mode
    status: str
    end: str | None
    run_waits: bool
    opened_at: str
    closed_at: str | None
    rows: int
    reviewers_per_item: int
    progress: ItemProgressView
    votes: int
    skips: int
    automatic: int = Field(description="Items that needed nobody: one answer had failed, or both were alike")
    reviewers: dict[str, int]
    agreement: AgreementView
    standing: list[ContenderView]
    latest_votes: list[VoteView]


class ClosedView(BaseModel):
    """That a review is closed, for who may not read it."""

    run_id: str
    status: str
    end: str | None
    progress: ItemProgressView


def progress(queue: Queue) -> ItemProgressView:
    """How far a queue is."""
    found = reviews.progress(queue)
    return ItemProgressView(reviewed=found.reviewed, total=found.total)


def item(queue: Queue, shown: Shown) -> ItemView:
    """The view of an item."""
    sides: dict[str, Any] = {"answer": shown.a} if shown.mode == "rating" else {"a": shown.a, "b": shown.b}
    return ItemView(
        item_id=shown.item_id,
        mode=shown.mode,
        input=shown.input,
        expected=list(shown.expected),
        rubric=shown.rubric,
        expires_at=shown.expires_at,
        progress=progress(queue),
        **sides,
    )


def noted(queue: Queue, item_id: str) -> NotedView:
    """The view of a verdict that was taken."""
    return NotedView(item_id=item_id, status=queue.status, progress=progress(queue))


def closed(queue: Queue) -> ClosedView:
    """The view of a closed review that tells nothing of models and reviewers."""
    return ClosedView(run_id=queue.run_id, status=queue.status, end=queue.end, progress=progress(queue))


def review(queue: Queue) -> ReviewView:
    """The view of a whole review."""
    found = reviews.report(queue)
    return ReviewView(
        run_id=queue.run_id,
        mode=queue.mode,
        status=queue.status,
        end=queue.end,
        run_waits=queue.waits and queue.status == "open",
        opened_at=queue.opened_at,
        closed_at=queue.closed_at,
        rows=queue.rows,
        reviewers_per_item=queue.reviewers_per_item,
        progress=progress(queue),
        votes=queue.counts.get("n_votes", 0),
        skips=queue.counts.get("n_skips", 0),
        automatic=queue.counts.get("n_automatic", 0),
        reviewers=found.reviewers,
        agreement=AgreementView(
            pairs=found.agreement.n,
            share=found.agreement.observed if found.agreement.n else None,
            kappa=found.agreement.kappa,
        ),
        standing=_contenders(queue, reviews.standing_in(queue)),
        latest_votes=[
            VoteView(
                at=one.at,
                reviewer=one.reviewer,
                row_id=one.row_id,
                model_ids=list(one.model_ids),
                preferred_model_id=one.preferred,
                rating=None if one.rating is None else one.rating / SCORE_SCALE,
                comment=one.comment,
            )
            for one in found.latest
        ],
    )


def _contenders(queue: Queue, standing: PeopleStanding) -> list[ContenderView]:
    """Best first."""
    rated = {one.candidate_id: one for one in standing.ratings}
    found = []
    for model_id in queue.contenders:
        sums, one = standing.statistics.candidates.get(model_id), rated.get(model_id)
        low, high = standing.ranges.get(model_id, (None, None))
        counted = {name: getattr(one, name) for name in ("rating", "wins", "losses", "ties")} if one else {}
        limits = {"rating_low": one.low, "rating_high": one.high} if one else {}
        scored = sums.n_scored if sums else 0
        view = ContenderView(
            model_id=model_id,
            rank_low=low,
            rank_high=high,
            score=sums.score_sum / (scored * SCORE_SCALE) if sums and scored else None,
            reviewed=scored,
            in_race=queue.race is None or model_id in queue.race.active,
            **counted,
            **limits,
        )
        found.append(view)
    return sorted(found, key=lambda view: (-(view.rating or 0), -(view.score or 0), view.model_id))
