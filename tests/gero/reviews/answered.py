"""Runs whose models have answered, ready to be reviewed, and people who review them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from gero import reviews, traces
from gero.evaluation import EvaluationPlan, results
from gero.evaluation import plan as plans
from gero.kit import new_id, table
from gero.reviews import Opinion, Queue, Shown
from gero.reviews import queue as queues
from gero.reviews.queue import ReviewSettings
from gero.traces import Trace
from tests.gero.plans import candidate, job_of, stored_plan

Answer = Callable[[str, str], str | None]
NAMES = ("a", "b", "c")


def own_words(model: str, row_id: str) -> str | None:
    """An answer that shows whose it is, to tests."""
    return f"{model} on {row_id}"


def answered(
    rows: int = 6,
    names: tuple[str, ...] = NAMES,
    answer: Answer = own_words,
    lost: Collection[str] = (),
    **changed: Any,
) -> EvaluationPlan:
    """A plan of which every batch was taken. A model whose answer is None has failed."""
    candidates = tuple(candidate(name, "http://127.0.0.1:9/v1") for name in names)
    plan = stored_plan(rows=rows, candidates=candidates, **changed)
    for block in range(plan.blocks):
        for name in names:
            take(plan, block, name, answer, lost)
    return plan


def take(
    plan: EvaluationPlan, block: int, name: str, answer: Answer = own_words, lost: Collection[str] = (), **changed: Any
) -> str:
    """Store the traces of a batch, without those of `lost` rows, and count it."""
    job = job_of(plan, block, name, plan.round_of_block(block))
    rows = plans.load_block(plan, block)
    found = {row.id: trace(plan, name, row.id, answer(name, row.id), **changed) for row in rows if row.id not in lost}
    key = results.save(job, rows, found)
    table.put(traces.index_item("w", "l", key=key, source="run", count=len(rows), run_id=plan.run_id))
    return key


def trace(plan: EvaluationPlan, name: str, row_id: str, output: str | None, **changed: Any) -> Trace:
    """What a model answered to a row."""
    error = None if output is not None else "it failed"
    known = {"run_id": plan.run_id, "row_id": row_id, "model_id": name, "output": output, "error": error}
    return Trace(new_id(), "run", "2026-11-01T00:00:00.000Z", **(known | changed))


def opened(plan: EvaluationPlan, token: str | None = "token", **settings: Any) -> Queue:
    """The plan's queue."""
    reviews.open_pool(plan, ReviewSettings(**settings), task_token=token)
    return now(plan)


def now(plan: EvaluationPlan) -> Queue:
    """The plan's queue as it is."""
    found = queues.stored(plan.workspace_id, plan.run_id)
    assert found
    return found


@dataclass(frozen=True)
class Person:
    """A reviewer of a plan's queue; `likes` says which of two answers is better: 1, 0 or -1."""

    plan: EvaluationPlan
    name: str = "ann"

    def next(self) -> Shown | None:
        return reviews.next_item(now(self.plan), self.name).shown

    def item(self) -> Shown:
        found = self.next()
        assert found
        return found

    def say(self, item_id: str, verdict: Any = None, rating: float | None = None, comment: str | None = None) -> Queue:
        return reviews.give(now(self.plan), item_id, self.name, Opinion(verdict, rating, comment))

    def prefer(self, winner: str, shown: Shown) -> Queue:
        """Vote for the answer that `winner` gave, or for a tie."""
        sides = {shown.a.split()[0]: "a", str(shown.b).split()[0]: "b"}
        return self.say(shown.item_id, sides.get(winner, "tie"))

    def back(self, item_id: str) -> Shown:
        return reviews.take_back(now(self.plan), item_id, self.name)


def models_of(shown: Shown) -> set[str]:
    """Whose answers are shown."""
    return {side.split()[0] for side in (shown.a, shown.b) if side}
