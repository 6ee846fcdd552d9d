"""What a finished batch leaves: its traces as one S3 object, and its integer statistics for the ranking."""

from collections.abc import Iterator, Mapping

from gero import traces
from gero.datasets import Row
from gero.evaluation.job import BatchJob
from gero.evaluation.latency import LatencyHistogram
from gero.evaluation.plan import run_prefix
from gero.evaluation.statistics import BatchStatistics, JudgeSums, pack_scores
from gero.kit import blobs, new_id
from gero.traces import Trace


def key_prefix(job: BatchJob) -> str:
    """What the keys of all results of the batch start with."""
    return f"{run_prefix(job.workspace_id, job.leaderboard_id, job.run_id)}/results/{job.name}-"


def save(job: BatchJob, rows: list[Row], answered: Mapping[str, Trace]) -> str:
    """Store the traces in the block's row order; returns their key.

    Each call has a key of its own: of two deliveries of a message, the one that is counted names its own traces.
    """
    key = f"{key_prefix(job)}{new_id()}.jsonl.gz"
    blobs.put_lines(key, [traces.encode(answered[row.id]) for row in rows if row.id in answered])
    return key


def parts_prefix(job: BatchJob) -> str:
    """What the keys of the answers of an unfinished batch start with."""
    return f"{run_prefix(job.workspace_id, job.leaderboard_id, job.run_id)}/parts/{job.name}/"


def stored_lines(job: BatchJob) -> Iterator[bytes]:
    """The traces that a batch left, encoded; of a batch that was not finished, those that it had saved."""
    keys = list(blobs.keys(key_prefix(job))) or list(blobs.keys(parts_prefix(job)))
    for key in keys:
        yield from blobs.get_lines(key)


def statistics(
    job: BatchJob, rows: list[Row], answered: Mapping[str, Trace], seen: str = "0", *, judged: bool = False
) -> BatchStatistics:
    """The batch's sums, over rows in the block's order; a row without an answer is unscored.

    `seen`: the mask of rows that are evidence already. `judged`: whether a judge scored them.
    """
    scores = [answered[row.id].score if row.id in answered else None for row in rows]
    found = [answered[row.id] for row in rows if row.id in answered]
    latency = LatencyHistogram()
    for one in found:
        if one.latency_ms is not None:
            latency.add(one.latency_ms)
    return BatchStatistics(
        candidate_id=job.candidate_id,
        round=job.round,
        block=job.block,
        n_rows=len(rows),
        scores=pack_scores(scores),
        n_errors=sum(map(_has_failed, found)),
        n_not_asked=sum(one.attempts == 0 for one in found),
        cost_nanos=sum(one.cost_nanos for one in found),
        cost_nanos_squared=sum(one.cost_nanos**2 for one in found),
        paid_nanos=sum(one.cost_nanos for one in found if not one.reused_from),
        judge_nanos=sum(one.judge_cost_nanos for one in found),
        n_reused=sum(one.reused_from is not None for one in found),
        seen=seen,
        failed=f"{sum(1 << place for place, row in enumerate(rows) if _has_failed(answered.get(row.id))):x}",
        judge=_judge_sums(found) if judged else None,
        tokens_in=sum(one.tokens_in for one in found),
        tokens_out=sum(one.tokens_out for one in found),
        latency=latency.to_buckets(),
    )


def _has_failed(trace: Trace | None) -> bool:
    return trace is not None and trace.error is not None and trace.attempts > 0


def _judge_sums(found: list[Trace]) -> JudgeSums:
    told = [one for one in found if one.judge and one.score is not None and one.output is not None]
    lengths, scores = [len(str(one.output)) for one in told], [one.score or 0 for one in told]
    audited = [one for one in told if one.audit_score is not None]
    return JudgeSums(
        n_judged=len(told),
        n_unjudged=sum(one.judge_error is not None and one.judge is not None for one in found),
        n_audits=len(audited),
        n_flips=sum(one.audit_score != one.score for one in audited),
        lengths=sum(lengths),
        lengths_squared=sum(length * length for length in lengths),
        scores=sum(scores),
        scores_squared=sum(score * score for score in scores),
        lengths_times_scores=sum(length * score for length, score in zip(lengths, scores, strict=True)),
    )


def first_error(answered: Mapping[str, Trace]) -> str | None:
    """An example of what went wrong, for the run's page; why an endpoint was given up, if it was."""
    errors = [one for one in answered.values() if one.error or one.judge_error]
    found = sorted(errors, key=lambda one: (one.error is None, one.attempts > 0))
    return next((one.error or f"judge: {one.judge_error}" for one in found), None)
