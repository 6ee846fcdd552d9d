"""What is known of a pair of models on live requests: one small item of integer sums, each request in it once.

Adding a batch is one transaction of the pair's item and a claim for each request, so that a request which the queue
delivers twice, in whatever batches, counts once, and the sums are the same in whatever order they come together.
"""

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from gero.datasets import Row
from gero.evaluation import BatchJob, BatchStatistics, EvaluationType, results
from gero.kit import Conflict, Unavailable, clock, conditions, table
from gero.kit.table import Write
from gero.ranking import RankingStatistics
from gero.shadows.request import ShadowRequest
from gero.traces import Trace

PRODUCTION, CHALLENGER = "production", "challenger"
"""The two among the candidates of the statistics; their ids may change while the models stay the same."""
_SHADOWS, _CLAIMS = "SHADOW#", "SHADOWED#"
_CLAIM_SECONDS: Final = 6 * 3600  # well beyond the time that the queue keeps a message
_TRIES: Final = 10


class Pair(msgspec.Struct, frozen=True):
    """Who is compared. `id`: of both models, the prompt and the scoring; another one of them is another pair."""

    id: str
    production_id: str
    production: str
    challenger_id: str
    challenger: str
    evaluation: EvaluationType
    judge: str | None = None


class Shadowed(msgspec.Struct, frozen=True):
    """What became of a request. `late`: it was not asked any more. `not_taken`: the challenger's server took no
    request, which says nothing of the model. `production_score`: what production's answer scores beside the trace's.
    """

    request: ShadowRequest
    trace: Trace | None = None
    production_score: int | None = None
    late: bool = False
    not_taken: bool = False

    @property
    def counts(self) -> bool:
        """Whether it is part of the comparison."""
        return not (self.late or self.not_taken)


class Figures(msgspec.Struct, frozen=True):
    """All that is known of a pair. `first_at`, `last_at`: when the first and the last of the requests were made."""

    pair: Pair
    first_at: str
    last_at: str
    batches: int = 0
    late: int = 0
    not_taken: int = 0
    latest_error: str | None = None
    sums: msgspec.Raw = msgspec.Raw(b"null")

    @property
    def statistics(self) -> RankingStatistics:
        """The sums of both, in the type that rankings are made of."""
        stored = bytes(self.sums)
        return RankingStatistics() if stored == b"null" else RankingStatistics.from_json(stored)


def add(workspace_id: str, leaderboard_id: str, pair: Pair, batch: Sequence[Shadowed]) -> int:
    """Count a batch of at most 99 requests of one pair; returns how many had not been counted before. Repeatable."""
    pk = _partition(workspace_id, leaderboard_id)
    for attempt in range(_TRIES):
        if not batch:
            return 0
        stored = table.get(pk, f"{_SHADOWS}{pair.id}", consistent=True)
        version = stored["version"] if stored else 0
        changed = _with(_decoded(stored) if stored else _nothing(pair, batch), pair, batch)
        item = {"pk": pk, "sk": f"{_SHADOWS}{pair.id}", "version": version + 1}
        unchanged = conditions.equals("version", version) if stored else conditions.absent()
        counted = Write(item | {"doc": msgspec.json.encode(changed).decode()}, condition=unchanged)
        try:
            table.transact([counted, *(_claim(pk, one) for one in batch)])
        except Conflict as conflict:
            batch = _unclaimed(batch, conflict)
            time.sleep(random.uniform(0, 0.02 * 2**attempt))
            continue
        return len(batch)
    raise Unavailable("the figures of a challenger are being changed by others; try again")


def counted_before(workspace_id: str, leaderboard_id: str, trace_ids: Iterable[str]) -> set[str]:
    """Which of the requests, by their traces, were counted; one that was a moment ago may be missing."""
    pk = _partition(workspace_id, leaderboard_id)
    found = table.get_many((pk, f"{_CLAIMS}{trace_id}") for trace_id in dict.fromkeys(trace_ids))
    return {item["sk"].removeprefix(_CLAIMS) for item in found}


def listed(workspace_id: str, leaderboard_id: str) -> list[Figures]:
    """The figures of each pair, that of the latest request first."""
    stored = map(_decoded, table.query(_partition(workspace_id, leaderboard_id), _SHADOWS))
    return sorted(stored, key=lambda figures: figures.last_at, reverse=True)


def forget(workspace_id: str, leaderboard_id: str) -> None:
    """Drop all figures. Requests under way are counted from then on."""
    pk = _partition(workspace_id, leaderboard_id)
    table.delete_many([(pk, item["sk"]) for item in table.query(pk, _SHADOWS)])


def _with(figures: Figures, pair: Pair, batch: Sequence[Shadowed]) -> Figures:
    times = [figures.first_at, figures.last_at, *(one.request.asked_at for one in batch)]
    statistics = figures.statistics
    asked = [one for one in batch if one.counts]
    if asked:
        statistics.add_block(_sums(asked, figures.batches))
    errors = [one.trace.error or one.trace.judge_error for one in batch if one.trace]
    return replace(
        figures,
        pair=pair,
        first_at=min(times),
        last_at=max(times),
        batches=figures.batches + bool(asked),
        late=figures.late + sum(one.late for one in batch),
        not_taken=figures.not_taken + sum(one.not_taken for one in batch),
        latest_error=next((error for error in errors if error), figures.latest_error),
        sums=msgspec.Raw(statistics.to_json()),
    )


def _sums(asked: Sequence[Shadowed], number: int) -> list[BatchStatistics]:
    """The batch in a run's terms: one block, which both have answered."""
    rows = [Row(one.request.trace_id, "") for one in asked]
    found = {CHALLENGER: [one.trace for one in asked if one.trace], PRODUCTION: [_answered(one) for one in asked]}
    sums = []
    for name, traces in found.items():
        job = BatchJob("", "", "", round=1, block=number, candidate_id=name)
        by_row: Mapping[str, Trace] = {row.id: trace for row, trace in zip(rows, traces, strict=True)}
        sums.append(results.statistics(job, rows, by_row, judged=name == CHALLENGER))
    return sums


def _answered(one: Shadowed) -> Trace:
    """Production's part of a request, as far as it is counted."""
    request = one.request
    return Trace(
        trace_id=request.trace_id,
        source="inference",
        created_at=request.asked_at,
        score=one.production_score,
        latency_ms=request.latency_ms,
        cost_nanos=request.cost_nanos,
        tokens_in=request.tokens_in,
        tokens_out=request.tokens_out,
    )


def _nothing(pair: Pair, batch: Sequence[Shadowed]) -> Figures:
    return Figures(pair, batch[0].request.asked_at, batch[0].request.asked_at)


def _decoded(item: table.Item) -> Figures:
    return msgspec.json.decode(item["doc"], type=Figures)


def _claim(pk: str, one: Shadowed) -> Write:
    claim = {"pk": pk, "sk": f"{_CLAIMS}{one.request.trace_id}"}
    return Write(claim | {"expires_at": int(clock.now().timestamp()) + _CLAIM_SECONDS}, condition=conditions.absent())


def _unclaimed(batch: Sequence[Shadowed], conflict: Conflict) -> list[Shadowed]:
    """Those of a batch that another delivery has not counted, as the reasons of the refused writes tell."""
    _, *claims = conflict.details["reasons"]
    return [one for one, reason in zip(batch, claims, strict=True) if reason != "ConditionalCheckFailed"]


def _partition(workspace_id: str, leaderboard_id: str) -> str:
    return f"WS#{workspace_id}#LB#{leaderboard_id}"
