"""Small plans for tests: stored, with their rows in blocks."""

from typing import Any

from gero import datasets, evaluation
from gero.datasets import Row
from gero.evaluation import BatchJob, Evaluation, EvaluationPlan, PlannedCandidate
from gero.kit import new_id
from gero.providers import Endpoint


def stored_plan(
    rows: int = 6, url: str = "http://127.0.0.1:9/v1", rows_per_block: int = 3, **changed: Any
) -> EvaluationPlan:
    """A plan of two candidates on rows r0, r1, … ("input N" -> "N"), two blocks a round."""
    block_rows, round_blocks = evaluation.even_layout(rows, rows_per_block, 2)
    fields: dict[str, Any] = {
        "workspace_id": "w",
        "leaderboard_id": "l",
        "run_id": new_id(),
        "prompt": "Say {input}",
        "evaluation": Evaluation(),
        "candidates": tuple(candidate(name, url) for name in ("a", "b")),
        "rows": rows,
        "block_rows": block_rows,
        "round_blocks": round_blocks,
        "in_flight": 4,
        "seed": "s",
        "dataset": {"version": 1},
    }
    plan = EvaluationPlan(**{**fields, **changed})
    evaluation.plan.save(plan)
    prefix = evaluation.plan.run_prefix(plan.workspace_id, plan.leaderboard_id, plan.run_id)
    lines = [datasets.encode(row) for row in some_rows(rows)]
    start = 0
    for block, size in enumerate(plan.block_rows):
        evaluation.plan.save_block(prefix, block, lines[start : start + size])
        start += size
    return plan


def some_rows(count: int) -> list[Row]:
    """The rows of a plan."""
    return [Row(f"r{number}", f"input {number}", [str(number)]) for number in range(count)]


def candidate(name: str, url: str, **changed: Any) -> PlannedCandidate:
    """A candidate whose model has its name."""
    return PlannedCandidate(name, name, Endpoint(platform="custom", url=url, model=name, **changed))


def job_of(plan: EvaluationPlan, block: int = 0, candidate_id: str = "a", number: int = 1) -> BatchJob:
    """The job of one batch."""
    return BatchJob(plan.workspace_id, plan.leaderboard_id, plan.run_id, number, block, candidate_id)
