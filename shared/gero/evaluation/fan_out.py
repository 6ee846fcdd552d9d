"""One batch: every row of a block asked of one candidate, some at a time, each answer scored as it comes."""

import time
from collections import Counter, deque
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from gero import providers
from gero.datasets import Row
from gero.evaluation.checkpoint import Checkpoint
from gero.evaluation.exact import ExactScorer
from gero.evaluation.known import Known
from gero.evaluation.lanes import in_lanes
from gero.evaluation.plan import EvaluationPlan, PlannedCandidate
from gero.evaluation.spending import Spending
from gero.kit import clock, new_id
from gero.providers import CallFailed, Pace
from gero.traces import SCORE_SCALE, Trace

if TYPE_CHECKING:
    import aiohttp

_EXHAUSTED = 3  # answers that the quota is used up, until a row is left alone
_REFUSALS = 20  # of a row: when half of all calls are refused, so many in a row are one chance in a million


class FanOut:
    """Asks a candidate all rows that the checkpoint does not know yet, as many at once as `pace` allows.

    Answers that earlier runs know are taken over, where the plan says so. Exact evaluation scores at once; a judge's
    verdicts come later (`Verdicts`), people's after the run.
    """

    def __init__(
        self,
        plan: EvaluationPlan,
        candidate: PlannedCandidate,
        headers: Mapping[str, str],
        pace: Pace,
        known: Known | None = None,
        spending: Spending | None = None,
    ) -> None:
        self._plan = plan
        self._candidate = candidate
        self._headers = headers
        self._pace = pace
        self._known = known.answers if known and plan.reuse else {}
        self._spending = spending or Spending(plan)
        evaluation = plan.evaluation
        self._scorer = ExactScorer(evaluation.normalizers, evaluation.pattern) if evaluation.type == "exact" else None
        self._judge = evaluation.judge
        self._refusals: Counter[str] = Counter()
        self._exhausted: Counter[str] = Counter()
        self._seen: dict[str, tuple[int, int]] = {}

    async def run(self, rows: list[Row], checkpoint: Checkpoint, deadline: float) -> bool:
        """True when every row has its answer (or final failure); False when time or money ran out first.

        `deadline` is a `time.monotonic()` moment at which no call is left running: a row that is started is finished,
        and none is started that may not end in time. Rows that are left when the endpoint is given up are noted as not
        asked.
        """
        todo = deque(row for row in rows if row.id not in checkpoint.answered and row.id not in checkpoint.unjudged)

        def go_on() -> bool:
            return time.monotonic() + providers.PATIENCE_SECONDS < deadline and not self._spending.used_up()

        async with providers.new_session(self._plan.in_flight) as session:
            work = partial(self._row, session, todo, checkpoint, deadline)
            await in_lanes(todo, self._plan.in_flight, work, go_on)
        return not todo

    async def _row(
        self, session: "aiohttp.ClientSession", todo: deque[Row], checkpoint: Checkpoint, deadline: float, row: Row
    ) -> None:
        try:
            answered = self._scored(row, self._taken_over(row) or await self._ask(session, row, deadline))
        except providers.NotNow as error:
            if not self._is_never_taken(row, error.refusals):
                todo.append(row)
                return
            times = self._refusals[row.id]
            told = f"{error} ({times} times, while others were answered)"
            answered = replace(self._blank(row), score=0, error=told, attempts=times)
        if self._judge and answered.error is None and answered.score is None:
            checkpoint.add_unjudged(answered)
        else:
            checkpoint.add(answered)

    def _taken_over(self, row: Row) -> Trace | None:
        """The answer of an earlier run, as this run's own."""
        earlier = self._known.get(row.id)
        if earlier is None:
            return None
        return replace(
            self._blank(row),
            created_at=earlier.created_at,
            output=earlier.output,
            provider=earlier.provider,
            latency_ms=earlier.latency_ms,
            tokens_in=earlier.tokens_in,
            tokens_out=earlier.tokens_out,
            cost_nanos=earlier.cost_nanos,
            usage_estimated=earlier.usage_estimated,
            reused_from=earlier.reused_from or earlier.run_id,
        )

    def _scored(self, row: Row, answered: Trace) -> Trace:
        """The answer with its score, where it can be told at once."""
        if answered.output is None:
            return answered
        if self._scorer:
            right, reason = self._scorer.score(answered.output, row.expected)
            return replace(answered, score=SCORE_SCALE if right else 0, reason=reason)
        if self._judge and self._judge.reference_id == self._candidate.id:
            return replace(answered, score=SCORE_SCALE // 2, reason="the answer that others are compared with")
        return answered

    def _is_never_taken(self, row: Row, refusals: int) -> bool:
        """Whether it is the row, not the rate, that is refused as too much: since it was first put back, others mostly
        were answered.
        """
        health = self._pace.health
        answers, refused = self._seen.setdefault(row.id, (health.answers, health.refusals - refusals))
        own = self._refusals[row.id] = self._refusals[row.id] + refusals
        answered = health.answers - answers
        return own >= _REFUSALS and answered > 0 and health.refusals - refused - own <= answered

    async def _ask(self, session: "aiohttp.ClientSession", row: Row, deadline: float) -> Trace:
        endpoint = self._candidate.endpoint
        body = providers.request_body(endpoint, providers.prompt.messages(self._plan.prompt, row.input))
        blank = self._blank(row)
        try:
            async with self._spending.call(endpoint, body) as bill:
                answer, attempts = await providers.ask_patiently(
                    session, endpoint, self._headers, body, self._pace, deadline
                )
                bill.nanos = answer.cost_nanos
        except providers.Stopped as stopped:
            return replace(blank, error=f"not asked: {stopped}", attempts=0)
        except CallFailed as error:
            if error.condition == "exhausted":  # our account, not the model: no score
                self._exhausted[row.id] += 1
                if self._exhausted[row.id] < _EXHAUSTED:
                    raise providers.NotNow(error.message) from error
                return replace(blank, error=f"not asked: {error.message}", attempts=0)
            # The model's own failure: it scores 0 and counts as an error.
            return replace(blank, score=0, error=error.message, attempts=error.details.get("attempts", 1))
        return replace(
            blank,
            created_at=clock.iso(),
            output=answer.text,
            provider=answer.provider,
            latency_ms=round(answer.latency_ms, 2),
            tokens_in=answer.tokens_in,
            tokens_out=answer.tokens_out,
            cost_nanos=answer.cost_nanos,
            attempts=attempts,
            usage_estimated=answer.usage_estimated,
        )

    def _blank(self, row: Row) -> Trace:
        return Trace(
            trace_id=new_id(),
            source="run",
            created_at=clock.iso(),
            input=row.input,
            expected=row.expected,
            run_id=self._plan.run_id,
            row_id=row.id,
            model_id=self._candidate.id,
            model=self._candidate.name,
        )
