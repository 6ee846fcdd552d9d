"""Evaluation: asking candidates, scoring answers, and the exact integer sums that a ranking is made of."""

from gero.evaluation import plan, spending
from gero.evaluation.batch import Finished, evaluate, salvage, time_left
from gero.evaluation.checkpoint import Tally
from gero.evaluation.exact import DEFAULT_NORMALIZERS, NORMALIZERS, ExactScorer, check_normalizers
from gero.evaluation.job import BatchJob
from gero.evaluation.judge import Judge
from gero.evaluation.judge import Mode as JudgeMode
from gero.evaluation.latency import LatencyHistogram, add_counts
from gero.evaluation.plan import (
    Earlier,
    Evaluation,
    EvaluationPlan,
    EvaluationType,
    PlannedCandidate,
    Race,
    even_layout,
)
from gero.evaluation.spending import Halted
from gero.evaluation.statistics import (
    BatchStatistics,
    JudgeSums,
    RowMasks,
    RowScores,
    pack_scores,
    scale_score,
)
from gero.traces import SCORE_SCALE

__all__ = [
    "DEFAULT_NORMALIZERS",
    "NORMALIZERS",
    "SCORE_SCALE",
    "BatchJob",
    "BatchStatistics",
    "Earlier",
    "Evaluation",
    "EvaluationPlan",
    "EvaluationType",
    "ExactScorer",
    "Finished",
    "Halted",
    "Judge",
    "JudgeMode",
    "JudgeSums",
    "LatencyHistogram",
    "PlannedCandidate",
    "Race",
    "RowMasks",
    "RowScores",
    "Tally",
    "add_counts",
    "check_normalizers",
    "evaluate",
    "even_layout",
    "pack_scores",
    "plan",
    "salvage",
    "scale_score",
    "spending",
    "time_left",
]
