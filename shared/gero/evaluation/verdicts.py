"""The judge's part of a batch: a verdict on each answer, when all answers are there."""

import asyncio
import hashlib
import time
from collections import Counter, deque
from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from gero import providers, traces
from gero.datasets import Row
from gero.evaluation import results
from gero.evaluation.checkpoint import Checkpoint
from gero.evaluation.job import BatchJob
from gero.evaluation.judge import Judge
from gero.evaluation.judging import JudgeScorer, Verdict
from gero.evaluation.known import Known
from gero.evaluation.lanes import in_lanes
from gero.evaluation.plan import EvaluationPlan
from gero.evaluation.spending import Spending
from gero.kit import blobs
from gero.providers import Answer, CallFailed, Pace
from gero.traces import SCORE_SCALE, Trace

_REFUSED = 3  # times, until it is taken to be about the answer
_LOOK_SECONDS, _LOOKS = 1.0, 30  # for the answers to compare with, until the batch is handed back


class Verdicts:
    """Has the judge score the answers that wait for it. A judge that fails leaves them unscored: never 0."""

    def __init__(
        self,
        plan: EvaluationPlan,
        judge: Judge,
        headers: Mapping[str, str],
        pace: Pace,
        known: Known,
        spending: Spending,
    ) -> None:
        self._plan = plan
        self._judge = judge
        self._headers = headers
        self._pace = pace
        self._known = known.answers
        self._spending = spending
        self._reference: Mapping[str, Trace] = {}
        self._refused: Counter[str] = Counter()

    async def run(self, job: BatchJob, rows: list[Row], checkpoint: Checkpoint, deadline: float) -> bool:
        """True when no answer waits for a verdict any more; False when time or money ran out first, or the answers to
        compare with are not there yet.
        """
        todo = deque(row for row in rows if row.id in checkpoint.unjudged)
        if self._judge.mode == "pairwise" and todo:
            reference = await _reference(replace(job, candidate_id=str(self._judge.reference_id), parts=0), deadline)
            if reference is None:
                return False
            self._reference = reference

        def go_on() -> bool:
            out_of_time = time.monotonic() + providers.PATIENCE_SECONDS >= deadline
            return not (out_of_time or self._spending.used_up() or self._pace.stopped)

        async with providers.new_session(self._plan.in_flight) as session:
            ask = partial(self._ask, session, deadline)
            scorer = JudgeScorer(self._judge, ask, self._plan.seed, self._plan.prompt)

            async def work(row: Row) -> None:
                try:
                    checkpoint.add(await self._judged(scorer, row, checkpoint.unjudged[row.id]))
                except (providers.NotNow, providers.Stopped):  # it waits for a verdict, now or when the run goes on
                    todo.append(row)

            if todo and go_on() and not self._pace.health.answers:
                await work(todo.popleft())  # alone: what of a request the judge does not take is learnt once
            await in_lanes(todo, self._plan.in_flight, work, go_on)
        return not todo

    async def _judged(self, scorer: JudgeScorer, row: Row, answered: Trace) -> Trace:
        compared = self._reference.get(row.id)
        key = self._key(row, answered, compared)
        answered = replace(answered, judge=self._judge.identity, verdict_key=key)
        before = self._known.get(row.id)
        if before and before.verdict_key == key and before.score is not None:
            return replace(answered, score=before.score, reason=before.reason, audit_score=before.audit_score)
        if self._judge.mode == "pairwise" and (compared is None or compared.output is None):
            return _without_comparison(answered, compared)
        answer = str(answered.output)
        try:
            verdict = await scorer.score(row, answer, compared.output if compared else None)
        except CallFailed as error:
            self._refused[row.id] += 1
            if error.condition in ("refused", "exhausted") and self._refused[row.id] < _REFUSED:
                raise providers.NotNow(error.message) from error  # more likely the key than this answer
            verdict = Verdict(None, "", scorer.unsettled_nanos(row, answer), str(error))
        return _with(answered, verdict)

    def _key(self, row: Row, answered: Trace, compared: Trace | None) -> str:
        """A digest of everything that the verdict is about."""
        about = [
            self._judge.identity,
            self._judge.audit_percent,
            self._plan.prompt,
            row.input,
            row.expected,
            row.rubric,
        ]
        told = msgspec.json.encode([*about, answered.output, compared.output if compared else None])
        return hashlib.blake2b(told, digest_size=8).hexdigest()

    async def _ask(
        self, session: Any, deadline: float, messages: list[dict[str, Any]], extra: Mapping[str, Any]
    ) -> Answer:
        endpoint = self._judge.endpoint
        body = providers.request_body(endpoint, messages, extra)
        async with self._spending.call(endpoint, body) as bill:
            answer, _ = await providers.ask_patiently(session, endpoint, self._headers, body, self._pace, deadline)
            bill.nanos = answer.cost_nanos
        return answer


def _with(answered: Trace, verdict: Verdict) -> Trace:
    return replace(
        answered,
        score=verdict.score,
        reason=verdict.reason or None,
        judge_error=verdict.error,
        judge_cost_nanos=verdict.cost_nanos,
        audit_score=verdict.audit_score,
    )


def _without_comparison(answered: Trace, compared: Trace | None) -> Trace:
    """What an answer is worth where the other model has none: all, when that one failed; else nobody knows."""
    if compared is not None and compared.score is not None:
        return replace(answered, score=SCORE_SCALE, reason="the other model gave no answer")
    return replace(answered, judge=None, judge_error="there is no answer to compare it with")  # not the judge's fault


async def _reference(job: BatchJob, deadline: float) -> dict[str, Trace] | None:
    """The answers of the batch that others are compared with, by row; None when it is not finished in time."""
    for look in range(_LOOKS):
        if look:
            await asyncio.sleep(_LOOK_SECONDS)
        if time.monotonic() + providers.PATIENCE_SECONDS >= deadline:
            return None
        found = await asyncio.to_thread(_finished_traces, job)
        if found is not None:
            return {str(one.row_id): one for one in found}
    return None


def _finished_traces(job: BatchJob) -> list[Trace] | None:
    """None when there are no results; of a batch that nobody could finish there may be few, or none."""
    keys = list(blobs.keys(results.key_prefix(job)))
    return [traces.decode(line) for key in keys for line in blobs.get_lines(key)] if keys else None
