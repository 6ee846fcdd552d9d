"""What a finished batch leaves: its traces as one S3 object, and its integer statistics for the ranking."""

from collections.abc import Mapping

from gero import traces
from gero.datasets import Row
from gero.evaluation.job import BatchJob
from gero.evaluation.latency import LatencyHistogram
from gero.evaluation.plan import run_prefix
from gero.evaluation.statistics import BatchStatistics, pack_scores
from gero.kit import blobs
from gero.traces import Trace


def results_key(job: BatchJob) -> str:
    """Where the batch's traces lie. Fixed by the job, so a second writer writes the same place."""
    return f"{run_prefix(job.workspace_id, job.leaderboard_id, job.run_id)}/results/{job.name}.jsonl.gz"


def save(job: BatchJob, rows: list[Row], answered: Mapping[str, Trace]) -> str:
    """Store the traces in the block's row order; returns their key."""
    key = results_key(job)
    blobs.put_lines(key, [traces.encode(answered[row.id]) for row in rows])
    return key


def statistics(job: BatchJob, rows: list[Row], answered: Mapping[str, Trace]) -> BatchStatistics:
    """The batch's sums, over rows in the block's order."""
    found = [answered[row.id] for row in rows]
    latency = LatencyHistogram()
    for one in found:
        if one.latency_ms is not None:
            latency.add(one.latency_ms)
    return BatchStatistics(
        candidate_id=job.candidate_id,
        round=job.round,
        block=job.block,
        n_rows=len(rows),
        scores=pack_scores([one.score for one in found]),
        n_errors=sum(one.error is not None for one in found),
        cost_nanos=sum(one.cost_nanos for one in found),
        cost_nanos_squared=sum(one.cost_nanos**2 for one in found),
        tokens_in=sum(one.tokens_in for one in found),
        tokens_out=sum(one.tokens_out for one in found),
        latency=latency.to_buckets(),
    )


def first_error(answered: Mapping[str, Trace]) -> str | None:
    """An example of what went wrong, for the run's page."""
    return next((one.error for one in answered.values() if one.error), None)


def unscored(job: BatchJob, rows: int) -> BatchStatistics:
    """The statistics of a batch that the platform failed on: its rows count for nothing."""
    nothing = pack_scores([None] * rows)
    return BatchStatistics(candidate_id=job.candidate_id, round=job.round, block=job.block, n_rows=rows, scores=nothing)
