"""What a run does, fixed when it starts: prompt, scoring, candidates, blocks of rows. Immutable, one S3 object."""

import hashlib
from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate
from typing import Any, Literal

import msgspec

from gero import datasets
from gero.datasets import Row
from gero.evaluation.exact import DEFAULT_NORMALIZERS
from gero.evaluation.judge import Judge
from gero.kit import NotFound, blobs
from gero.providers import Endpoint

EvaluationType = Literal["exact", "judge", "human"]


class Evaluation(msgspec.Struct, frozen=True, omit_defaults=True):
    """How answers are scored. `pattern`: the regular expression of the normalizer `regex`."""

    type: EvaluationType = "exact"
    normalizers: tuple[str, ...] = DEFAULT_NORMALIZERS
    pattern: str | None = None
    judge: Judge | None = None

    @property
    def identity(self) -> list[Any]:
        """What decides the scores of the same answers."""
        return [self.type, self.normalizers, self.pattern, self.judge.identity if self.judge else None]


class Earlier(msgspec.Struct, frozen=True):
    """A run that asked the same model the same prompt, and its name there. `counted`: it was completed, so that what
    it scored is evidence already.
    """

    run_id: str
    candidate_id: str
    counted: bool = True


class PlannedCandidate(msgspec.Struct, frozen=True):
    """A candidate as it was when the run started, and the earlier runs whose answers are its own."""

    id: str
    name: str
    endpoint: Endpoint
    earlier: tuple[Earlier, ...] = ()

    def asks_like(self, other: "PlannedCandidate") -> bool:
        """Whether both are the same model with the same parameters, so that one's answers are as good as the other's.

        Keys, prices and timeouts may differ.
        """
        return _asked(self.endpoint) == _asked(other.endpoint)


class Race(msgspec.Struct, frozen=True):
    """That candidates which cannot win are asked no more: after each round, with P(dropping the best) <= alpha.
    `tie_within`: models that differ by less, in score units, are as good as each other.
    """

    alpha: float = 0.05
    tie_within: float = 0.01
    promotion_log_e: float | None = None
    """The ln E over production's model at which a winner may replace it: the race goes on until then."""


class EvaluationPlan(msgspec.Struct, frozen=True):
    """A run's plan. Rows lie in blocks, in an order that the seed decides and outcomes do not; rounds take blocks."""

    workspace_id: str
    leaderboard_id: str
    run_id: str
    prompt: str
    evaluation: Evaluation
    candidates: tuple[PlannedCandidate, ...]
    rows: int
    block_rows: tuple[int, ...]
    """How many rows each block has."""
    round_blocks: tuple[int, ...]
    """How many blocks each round takes."""
    in_flight: int
    seed: str
    dataset: dict[str, Any]
    starts: tuple[int, ...] = ()
    """The place of each block's first row in the seeded order: a number of 64 bits."""
    race: Race | None = None
    champion_id: str | None = None
    """The candidate that served production when the run was planned."""
    reuse: bool = False
    """Whether answers of earlier runs are taken over instead of asking again."""
    target: Literal["traffic", "dataset"] = "traffic"
    max_cost_nanos: int | None = None
    evidence_from: str | None = None
    """The run whose evidence this one adds to: the latest that was completed."""

    def identity_of(self, candidate: PlannedCandidate) -> str:
        """A short name for the candidate, the prompt and the scoring: what is scored alike under it is comparable."""
        about = [self.prompt, _asked(candidate.endpoint), self.evaluation.identity]
        told = msgspec.json.encode(about, order="deterministic")
        return hashlib.blake2b(told, digest_size=12).hexdigest()

    @property
    def blocks(self) -> int:
        """The number of blocks."""
        return len(self.block_rows)

    @property
    def rounds(self) -> int:
        """The number of rounds, if none ends the run early; rounds count from 1."""
        return len(self.round_blocks)

    def blocks_of_round(self, number: int) -> range:
        """The blocks that round `number` evaluates."""
        ends = [0, *accumulate(self.round_blocks)]
        return range(ends[number - 1], ends[number])

    def round_of_block(self, block: int) -> int:
        """The round that evaluates a block."""
        return bisect_right(list(accumulate(self.round_blocks)), block) + 1

    def candidate(self, candidate_id: str) -> PlannedCandidate:
        """The candidate with that id. NotFound when the plan has none."""
        for candidate in self.candidates:
            if candidate.id == candidate_id:
                return candidate
        raise NotFound(f"the plan has no candidate {candidate_id}")


def _asked(endpoint: Endpoint) -> tuple[Any, ...]:
    pinned = (endpoint.url, endpoint.model, endpoint.provider, endpoint.quantization)
    return (*pinned, endpoint.preamble, endpoint.parameters)


def even_layout(rows: int, rows_per_block: int, blocks_per_round: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """`block_rows` and `round_blocks` of blocks and rounds of equal size; the last may be smaller."""
    return _parts(rows, rows_per_block), _parts(-(-rows // rows_per_block), blocks_per_round)


def _parts(total: int, size: int) -> tuple[int, ...]:
    return tuple(min(size, total - start) for start in range(0, total, size))


def place(seed: str, question: str) -> int:
    """The place of a row in the order of a seed: 64 bits. It depends on what the row asks, not on its id or answer."""
    key = seed.encode()[:64]
    return int.from_bytes(hashlib.blake2b(datasets.input_digest(question), key=key, digest_size=8).digest(), "big")


def run_prefix(workspace_id: str, leaderboard_id: str, run_id: str) -> str:
    """The key prefix of everything that a run stores."""
    return f"{workspace_id}/{leaderboard_id}/runs/{run_id}"


def save(plan: EvaluationPlan) -> None:
    """Store the plan."""
    blobs.put(_plan_key(plan.workspace_id, plan.leaderboard_id, plan.run_id), msgspec.json.encode(plan))


@lru_cache(maxsize=64)
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
