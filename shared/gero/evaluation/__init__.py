"""Evaluation: asking candidates, scoring answers, and the exact integer sums that a ranking is made of."""

from gero.evaluation import plan
from gero.evaluation.batch import Finished, evaluate, salvage, time_left
from gero.evaluation.checkpoint import Tally
from gero.evaluation.exact import DEFAULT_NORMALIZERS, NORMALIZERS, ExactScorer, check_normalizers
from gero.evaluation.job import BatchJob
from gero.evaluation.latency import LatencyHistogram, add_counts
from gero.evaluation.plan import Evaluation, EvaluationPlan, PlannedCandidate
from gero.evaluation.statistics import (
    BatchStatistics,
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
    "Evaluation",
    "EvaluationPlan",
    "ExactScorer",
    "Finished",
    "LatencyHistogram",
    "PlannedCandidate",
    "RowMasks",
    "RowScores",
    "Tally",
    "add_counts",
    "check_normalizers",
    "evaluate",
    "pack_scores",
    "plan",
    "salvage",
    "scale_score",
    "time_left",
]
