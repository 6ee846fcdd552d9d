"""The work on a batch of requests of one leaderboard: ask their challengers, score what they answer, keep and count."""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from gero import providers, traces
from gero.kit import clock, log
from gero.providers import Answer, CallFailed
from gero.providers.serving import ServingSettings
from gero.shadows import figures, leaderboard
from gero.shadows.calling import Calls
from gero.shadows.figures import Pair, Shadowed
from gero.shadows.leaderboard import Shadowing
from gero.shadows.request import ShadowRequest
from gero.shadows.scoring import Scoring
from gero.traces import Trace

if TYPE_CHECKING:
    import aiohttp

MAX_AGE: Final = timedelta(minutes=15)
"""Of a request: an older one is not asked any more, so that a queue that has grown long empties itself for nothing."""
_JUDGING_SECONDS: Final = 35.0  # of the time there is, for the judge
# Not the model's failures: what its server or the account takes, or that the key is no good.
_NOT_TAKEN: Final = ("throttled", "waking", "refused", "exhausted")


async def ask_challengers(
    workspace_id: str, leaderboard_id: str, requests: Sequence[ShadowRequest], deadline: float
) -> None:
    """Have requests of one leaderboard answered by their challengers as well, and count them; no call is left running
    at `deadline` of `time.monotonic()`. Repeatable: what was counted before is not asked again.

    Nothing happens where the leaderboard is gone, or another model serves it by now.
    """
    wanted = await asyncio.to_thread(_not_counted, workspace_id, leaderboard_id, requests)
    found = await asyncio.to_thread(leaderboard.load, workspace_id, leaderboard_id) if wanted else None
    if found is None:
        return
    served = found.production.candidate_id
    kept = [one for one in wanted if one.production_id == served != one.challenger.candidate_id]
    async with providers.new_session(max(1, 2 * len(kept))) as session:
        work = _Work(workspace_id, found, session, deadline)
        ended = await asyncio.gather(*(work.shadowed(one) for one in kept), return_exceptions=True)
    batch = [one for one in ended if isinstance(one, Shadowed)]
    await asyncio.to_thread(_keep, workspace_id, leaderboard_id, found, batch)
    log.event("shadows.counted", leaderboard_id=leaderboard_id, count=len(batch), dropped=len(requests) - len(kept))
    for failure in ended:
        if isinstance(failure, BaseException):
            raise failure  # what is counted stays so when the messages come again


def _not_counted(workspace_id: str, leaderboard_id: str, requests: Sequence[ShadowRequest]) -> list[ShadowRequest]:
    found = {one.trace_id: one for one in requests}
    known = figures.counted_before(workspace_id, leaderboard_id, found)
    return [one for trace_id, one in found.items() if trace_id not in known]


class _Work:
    """Asks and scores, until a moment."""

    def __init__(self, workspace_id: str, found: Shadowing, session: "aiohttp.ClientSession", deadline: float) -> None:
        evaluation = found.plan.evaluation
        self._calls = Calls(session, workspace_id)
        self._judge = evaluation.judge
        self._deadline = deadline
        self._scoring = Scoring(evaluation, found.production.candidate_id, found.plan.seed, self._ask_judge)

    async def shadowed(self, request: ShadowRequest) -> Shadowed:
        """What becomes of a request."""
        if clock.now() - clock.parse(request.asked_at) > MAX_AGE:
            return Shadowed(request, late=True)
        answered, taken = await self._answered(request)
        if not taken:
            return Shadowed(request, answered, not_taken=True)
        scored = await self._scoring.scored(request, answered)
        return Shadowed(request, scored, None if scored.score is None else self._scoring.production_score)

    async def _answered(self, request: ShadowRequest) -> tuple[Trace, bool]:
        """The challenger's trace, and whether its server took the request."""
        challenger = request.challenger
        blank = Trace(
            trace_id=_trace_id(request.trace_id),
            source="inference",
            created_at=clock.iso(),
            input=request.input,
            parameters=request.parameters or None,
            model_id=challenger.candidate_id,
            model=challenger.name,
            shadow_of=request.trace_id,
        )
        until = self._deadline - _JUDGING_SECONDS if self._judge else self._deadline
        try:
            answer = await self._calls.ask(challenger.endpoint, request.messages, request.parameters, until)
        except CallFailed as error:
            taken = error.condition not in _NOT_TAKEN
            return replace(blank, error=error.message, attempts=int(taken)), taken
        return _with_answer(blank, answer), True

    async def _ask_judge(self, messages: list[dict[str, Any]], parameters: Mapping[str, Any]) -> Answer:
        assert self._judge
        return await self._calls.ask(self._judge.endpoint, messages, parameters, self._deadline)


def _with_answer(blank: Trace, answer: Answer) -> Trace:
    return replace(
        blank,
        output=answer.text,
        provider=answer.provider,
        response_model=answer.model,
        finish_reason=answer.finish_reason,
        latency_ms=round(answer.latency_ms, 2),
        tokens_in=answer.tokens_in,
        tokens_out=answer.tokens_out,
        cost_nanos=answer.cost_nanos,
        usage_estimated=answer.usage_estimated,
    )


def _keep(workspace_id: str, leaderboard_id: str, found: Shadowing, batch: Sequence[Shadowed]) -> None:
    """Store what became of the requests, unless the leaderboard was deleted while they were asked."""
    if not batch or leaderboard.load(workspace_id, leaderboard_id) is None:
        return
    content, redact = found.settings.capture_content, found.settings.redact
    by_pair: dict[Pair, list[Shadowed]] = defaultdict(list)
    for one in batch:
        trace = traces.captured(one.trace, content=content, redact=redact) if one.trace else None
        by_pair[found.pair(one.request.challenger)].append(replace(one, trace=trace))
    for pair, shadowed in by_pair.items():
        _record(workspace_id, leaderboard_id, found.settings, [one.trace for one in shadowed if one.trace])
        figures.add(workspace_id, leaderboard_id, pair, shadowed)


def _record(workspace_id: str, leaderboard_id: str, settings: ServingSettings, found: list[Trace]) -> None:
    if found:
        traces.record_all(workspace_id, leaderboard_id, "inference", found, settings.retention_days)


def _trace_id(shadow_of: str) -> str:
    """The id of the challenger's trace: the same whenever the request is asked, and of the same time."""
    digest = hashlib.blake2b(shadow_of.encode(), digest_size=6).hexdigest()
    return f"{shadow_of[:-12]}{digest}"
