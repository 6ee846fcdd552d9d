"""What a run does, fixed when it starts: prompt, scoring, candidates, blocks of rows. Immutable, one S3 object."""

from functools import lru_cache
from typing import Any

import msgspec

from gero import datasets
from gero.datasets import Row
from gero.evaluation.exact import DEFAULT_NORMALIZERS
from gero.kit import NotFound, blobs
from gero.providers import Endpoint


class Evaluation(msgspec.Struct, frozen=True):
    """How answers are scored."""

    type: str = "exact"
    normalizers: tuple[str, ...] = DEFAULT_NORMALIZERS


class PlannedCandidate(msgspec.Struct, frozen=True):
    """A candidate as it was when the run started."""

    id: str
    name: str
    endpoint: Endpoint


class EvaluationPlan(msgspec.Struct, frozen=True):
    """A run's plan. Rows lie in blocks of equal size (the last may be smaller) in a seeded random order."""

    workspace_id: str
    leaderboard_id: str
    run_id: str
    prompt: str
    evaluation: Evaluation
    candidates: tuple[PlannedCandidate, ...]
    rows: int
    rows_per_block: int
    blocks_per_round: int
    in_flight: int
    seed: str
    dataset: dict[str, Any]

    @property
    def blocks(self) -> int:
        """The number of blocks."""
        return -(-self.rows // self.rows_per_block)

    @property
    def rounds(self) -> int:
        """The number of rounds; rounds count from 1."""
        return -(-self.blocks // self.blocks_per_round)

    def blocks_of_round(self, number: int) -> range:
        """The blocks that round `number` evaluates."""
        start = (number - 1) * self.blocks_per_round
        return range(start, min(start + self.blocks_per_round, self.blocks))

    def candidate(self, candidate_id: str) -> PlannedCandidate:
        """The candidate with that id. NotFound when the plan has none."""
        for candidate in self.candidates:
            if candidate.id == candidate_id:
                return candidate
        raise NotFound(f"the plan has no candidate {candidate_id}")


def run_prefix(workspace_id: str, leaderboard_id: str, run_id: str) -> str:
    """The key prefix of everything that a run stores."""
    return f"{workspace_id}/{leaderboard_id}/runs/{run_id}"


def save(plan: EvaluationPlan) -> None:
    """Store the plan."""
    blobs.put(_plan_key(plan.workspace_id, plan.leaderboard_id, plan.run_id), msgspec.json.encode(plan))


@lru_cache(maxsize=8)
def load(workspace_id: str, leaderboard_id: str, run_id: str) -> EvaluationPlan:
    """The plan of a run; kept in the process, for it never changes. NotFound before it is planned."""
    stored = blobs.get(_plan_key(workspace_id, leaderboard_id, run_id))
    if stored is None:
        raise NotFound(f"run {run_id} has no plan")
    return msgspec.json.decode(stored, type=EvaluationPlan)


def save_block(prefix: str, block: int, lines: list[bytes]) -> None:
    """Store the rows of a block, as encoded lines."""
    blobs.put_lines(_block_key(prefix, block), lines)


def load_block(plan: EvaluationPlan, block: int) -> list[Row]:
    """The rows of a block, in their order. NotFound when it was not stored."""
    lines = blobs.get_lines(_block_key(run_prefix(plan.workspace_id, plan.leaderboard_id, plan.run_id), block))
    if not lines:
        raise NotFound(f"block {block} of run {plan.run_id} is not stored")
    return [datasets.decode(line) for line in lines]


def _plan_key(workspace_id: str, leaderboard_id: str, run_id: str) -> str:
    return f"{run_prefix(workspace_id, leaderboard_id, run_id)}/plan.json"


def _block_key(prefix: str, block: int) -> str:
    return f"{prefix}/rows/{block:05}.jsonl.gz"
