"""Opening a review: what a run answered becomes a queue for people."""

import os
from typing import Any

import msgspec

from gero import runs
from gero.evaluation import EvaluationPlan
from gero.kit import clock
from gero.reviews import items, labelling, pool, race
from gero.reviews import queue as queues
from gero.reviews.queue import Queue, ReviewSettings
from gero.runs import Run


def settings_of(run: Run) -> ReviewSettings:
    """How people review this run: what its leaderboard said when it was started."""
    stored = runs.configuration(run)["leaderboard"].get("human") or {}
    return msgspec.convert(stored, ReviewSettings)


def open_pool(plan: EvaluationPlan, settings: Any = None, *, task_token: str | None = None) -> int:
    """Put the run's first rows up for review, as the leaderboard's queue; the number of rows. Repeatable.

    `settings`: anything with `mode`, `rows` and `reviewers_per_item`. With a `task_token` the run waits, and goes on at
    once when there is nothing to compare. What people said before of the same answers counts here too: they are asked
    only what is new.
    """
    wanted = msgspec.convert(settings, ReviewSettings, from_attributes=True) if settings else ReviewSettings()
    known = queues.stored(plan.workspace_id, plan.run_id)
    if known is None:
        known = _fresh(plan, wanted, waits=task_token is not None)
    return race.settle(queues.create(msgspec.structs.replace(known, task_token=task_token))).rows


def _fresh(plan: EvaluationPlan, wanted: ReviewSettings, *, waits: bool) -> Queue:
    found = pool.gather(plan, wanted.rows)
    pool.save(plan, found.rows)
    judge, rows = plan.evaluation.judge, tuple(map(pool.sketch, found.rows))
    queue = Queue(
        workspace_id=plan.workspace_id,
        leaderboard_id=plan.leaderboard_id,
        run_id=plan.run_id,
        mode=wanted.mode,
        rows=len(found.rows),
        reviewers_per_item=wanted.reviewers_per_item,
        contenders=found.contenders,
        secret=os.urandom(16),
        opened_at=clock.iso(),
        waits=waits,
        judge=judge.identity if judge else None,
        capacity=labelling.capacity(rows) if judge else 0,
    )
    return msgspec.structs.replace(queue, counts=items.put_known(queue, labelling.carry_over(queue, rows)))
