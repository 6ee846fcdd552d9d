"""One batch: every row of a block asked of one candidate, some at a time, each answer scored as it comes."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from gero import providers
from gero.datasets import Row
from gero.evaluation.checkpoint import Checkpoint
from gero.evaluation.exact import ExactScorer
from gero.evaluation.plan import EvaluationPlan, PlannedCandidate
from gero.kit import clock, new_id
from gero.providers import CallFailed, Pace
from gero.traces import SCORE_SCALE, Trace

if TYPE_CHECKING:
    import aiohttp

_EXHAUSTED = 3  # answers that the quota is used up, until a row is left alone
_REFUSALS = 20  # of a row: when half of all calls are refused, so many in a row are one chance in a million


class FanOut:
    """Asks a candidate all rows that the checkpoint does not know yet, as many at once as `pace` allows."""

    def __init__(
        self, plan: EvaluationPlan, candidate: PlannedCandidate, headers: Mapping[str, str], pace: Pace
    ) -> None:
        self._plan = plan
        self._candidate = candidate
        self._headers = headers
        self._pace = pace
        self._scorer = ExactScorer(plan.evaluation.normalizers)
        self._refusals: Counter[str] = Counter()
        self._exhausted: Counter[str] = Counter()
        self._seen: dict[str, tuple[int, int]] = {}

    async def run(self, rows: list[Row], checkpoint: Checkpoint, deadline: float) -> bool:
        """True when every row has its answer (or final failure); False when time ran out first.

        `deadline` is a `time.monotonic()` moment at which no call is left running: a row that is started is finished,
        and none is started that may not end in time. Rows that are left when the endpoint is given up are noted as not
        asked.
        """
        todo = deque(row for row in rows if row.id not in checkpoint.answered)
        async with providers.new_session(self._plan.in_flight) as session:
            lanes = [
                asyncio.create_task(self._lane(session, todo, checkpoint, deadline))
                for _ in range(min(self._plan.in_flight, len(rows)))
            ]
            try:
                await asyncio.gather(*lanes)
            finally:
                for lane in lanes:
                    lane.cancel()
                await asyncio.gather(*lanes, return_exceptions=True)
        return all(row.id in checkpoint.answered for row in rows)

    async def _lane(
        self, session: "aiohttp.ClientSession", todo: deque[Row], checkpoint: Checkpoint, deadline: float
    ) -> None:
        while todo and time.monotonic() + providers.PATIENCE_SECONDS < deadline:
            row = todo.popleft()
            try:
                checkpoint.add(row.id, await self._evaluate(session, row, deadline))
            except providers.NotNow as error:
                if self._is_never_taken(row, error.refusals):
                    times = self._refusals[row.id]
                    told = f"{error} ({times} times, while others were answered)"
                    checkpoint.add(row.id, replace(self._blank(row), score=0, error=told, attempts=times))
                else:
                    todo.append(row)

    def _is_never_taken(self, row: Row, refusals: int) -> bool:
        """Whether it is the row, not the rate, that is refused as too much: since it was first put back, others mostly
        were answered.
        """
        health = self._pace.health
        answers, refused = self._seen.setdefault(row.id, (health.answers, health.refusals - refusals))
        own = self._refusals[row.id] = self._refusals[row.id] + refusals
        answered = health.answers - answers
        return own >= _REFUSALS and answered > 0 and health.refusals - refused - own <= answered

    async def _evaluate(self, session: "aiohttp.ClientSession", row: Row, deadline: float) -> Trace:
        endpoint = self._candidate.endpoint
        body = providers.request_body(endpoint, providers.prompt.messages(self._plan.prompt, row.input))
        blank = self._blank(row)
        try:
            answer, attempts = await providers.ask_patiently(
                session, endpoint, self._headers, body, self._pace, deadline
            )
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
        right, reason = self._scorer.score(answer.text, row.expected)
        return replace(
            blank,
            created_at=clock.iso(),
            output=answer.text,
            provider=answer.provider,
            score=SCORE_SCALE if right else 0,
            reason=reason,
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
