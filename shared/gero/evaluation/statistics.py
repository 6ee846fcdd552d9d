"""What one finished batch leaves behind for the ranking: one candidate on one block of rows, as exact integers."""

from collections.abc import Sequence
from operator import add

import msgspec

from gero.traces import SCORE_SCALE


class RowMasks(msgspec.Struct, frozen=True):
    """Exact-match scores of a block as two hexadecimal bit masks; bit i is row i of the block."""

    scored: str
    correct: str


RowScores = RowMasks | tuple[int | None, ...]


class JudgeSums(msgspec.Struct, frozen=True, omit_defaults=True, array_like=True):
    """What a batch shows of its judge, in integers: `lengths` are characters of judged answers, scores are scaled."""

    n_judged: int = 0
    n_unjudged: int = 0
    """Answers that it gave no verdict on."""
    n_audits: int = 0
    n_flips: int = 0
    """Audited answers that it gave another verdict the second time."""
    lengths: int = 0
    lengths_squared: int = 0
    scores: int = 0
    scores_squared: int = 0
    lengths_times_scores: int = 0

    def __add__(self, other: "JudgeSums") -> "JudgeSums":
        return JudgeSums(*map(add, msgspec.structs.astuple(self), msgspec.structs.astuple(other)))


class BatchStatistics(msgspec.Struct, frozen=True, omit_defaults=True):
    """Sufficient statistics of one (candidate, block); construction raises ValueError when they contradict each other.

    Money is in integer nano-dollars, scores in 1 / SCORE_SCALE. A row the model failed on scores 0 and counts in
    `n_errors`; a row the platform or the judge failed on is unscored.
    """

    candidate_id: str
    round: int
    block: int
    n_rows: int
    scores: RowScores
    n_errors: int = 0
    cost_nanos: int = 0
    cost_nanos_squared: int = 0
    """Sum over rows of the squared cost of a row."""
    tokens_in: int = 0
    tokens_out: int = 0
    n_not_asked: int = 0
    """Rows that were left when the endpoint was given up; they are unscored."""
    latency: dict[int, int] = {}
    """Bucket -> count, see `LatencyHistogram.to_buckets`."""
    paid_nanos: int = 0
    """What this run paid for the answers: less than `cost_nanos` where earlier runs had paid for some."""
    judge_nanos: int = 0
    """What it paid for verdicts on them."""
    n_reused: int = 0
    """Rows whose answers are those of earlier runs."""
    seen: str = "0"
    """Mask like those of `RowMasks`: rows on which this candidate was scored in an earlier, completed run."""
    judge: JudgeSums | None = None
    failed: str = "0"
    """Mask like those of `RowMasks`: rows that the model failed on, for people who look; runs of before have none."""

    def __post_init__(self) -> None:
        counts = (self.round, self.block, self.n_rows, self.n_errors, self.n_not_asked)
        paid = (self.paid_nanos, self.judge_nanos, self.n_reused)
        if min(*counts, *paid, self.cost_nanos, self.tokens_in, self.tokens_out) < 0:
            raise ValueError("counts, costs and tokens of a batch are not negative")
        if isinstance(self.scores, RowMasks):
            _check_masks(self.scores, self.n_rows)
        else:
            _check_values(self.scores, self.n_rows)

    def row_scores(self) -> list[int | None]:
        """One score per row in block order, scaled by SCORE_SCALE; None where unscored."""
        if not isinstance(self.scores, RowMasks):
            return list(self.scores)
        scored, correct = int(self.scores.scored, 16), int(self.scores.correct, 16)
        return [(SCORE_SCALE if correct >> row & 1 else 0) if scored >> row & 1 else None for row in range(self.n_rows)]

    def to_json(self) -> bytes:
        """Compact JSON; equal statistics give equal bytes."""
        return msgspec.json.encode(msgspec.structs.replace(self, latency=dict(sorted(self.latency.items()))))

    @classmethod
    def from_json(cls, text: bytes | str) -> "BatchStatistics":
        """The inverse of `to_json`; raises msgspec.ValidationError."""
        return msgspec.json.decode(text, type=cls)


def scale_score(score: float) -> int:
    """A score of 0..1 as the integer that is summed and stored; raises ValueError outside of 0..1."""
    if not 0 <= score <= 1:
        raise ValueError(f"a score lies between 0 and 1, not {score}")
    return round(score * SCORE_SCALE)


def pack_scores(scores: Sequence[int | None]) -> RowScores:
    """The smallest stored form of a block's scaled scores: masks when every score is 0 or SCORE_SCALE."""
    if any(score not in (None, 0, SCORE_SCALE) for score in scores):
        return tuple(scores)
    scored = correct = 0
    for row, score in enumerate(scores):
        if score is not None:
            scored |= 1 << row
            correct |= (score == SCORE_SCALE) << row
    return RowMasks(f"{scored:x}", f"{correct:x}")


def _check_masks(masks: RowMasks, n_rows: int) -> None:
    scored, correct = int(masks.scored, 16), int(masks.correct, 16)
    if scored < 0 or correct < 0 or scored >> n_rows or correct & ~scored:
        raise ValueError(f"the masks do not describe {n_rows} rows")


def _check_values(values: tuple[int | None, ...], n_rows: int) -> None:
    if len(values) != n_rows:
        raise ValueError(f"{len(values)} scores for {n_rows} rows")
    if any(value is not None and not 0 <= value <= SCORE_SCALE for value in values):
        raise ValueError(f"a scaled score lies between 0 and {SCORE_SCALE}")
