"""What a challenger's answer is worth beside production's: nobody has an accepted answer to a live request."""

from typing import Any

from msgspec.structs import replace

from gero.datasets import Row
from gero.evaluation import SCORE_SCALE, Evaluation, ExactScorer, judging
from gero.providers import CallFailed
from gero.shadows.request import ShadowRequest
from gero.traces import Trace


class Scoring:
    """Scores by agreement with production (exact), by a judge that compares both (judge), or not at all (human).

    `evaluation`: that of the leaderboard's latest completed run. A judge of single answers compares pairs here, since
    what it would be given to hold them against is not there.
    """

    def __init__(self, evaluation: Evaluation, production_id: str, seed: str, ask: judging.Ask) -> None:
        exact, judge = evaluation.type == "exact", evaluation.judge
        self._exact = ExactScorer(evaluation.normalizers, evaluation.pattern) if exact else None
        self._judge = replace(judge, mode="pairwise", reference_id=production_id) if judge else None
        self._by_judge = judging.JudgeScorer(self._judge, ask, seed) if self._judge else None

    @property
    def production_score(self) -> int:
        """What production's own answer scores where the challenger's is scored: it agrees with itself, or is a tie."""
        return SCORE_SCALE if self._exact else SCORE_SCALE // 2

    async def scored(self, request: ShadowRequest, answered: Trace) -> Trace:
        """The challenger's trace with its score: 0 when it failed; none where nothing can be compared, which is so of
        every request that production answered without a text, or whose judge failed.
        """
        wanted = self._exact.normalize(request.output) if self._exact else request.output.strip()
        if not wanted or not (self._exact or self._by_judge):
            return answered
        if answered.output is None:
            return replace(answered, score=0)
        if self._exact:
            agrees = self._exact.normalize(answered.output) == wanted
            reason = "agrees with production" if agrees else "differs from production"
            return replace(answered, score=SCORE_SCALE if agrees else 0, reason=reason)
        return await self._judged(request, answered, answered.output)

    async def _judged(self, request: ShadowRequest, answered: Trace, output: str) -> Trace:
        assert self._judge
        assert self._by_judge
        row = Row(request.trace_id, task(request.messages))
        try:
            verdict = await self._by_judge.score(row, output, request.output)
        except CallFailed as error:
            verdict = judging.Verdict(None, "", self._by_judge.unsettled_nanos(row, output), error.message)
        return replace(
            answered,
            judge=self._judge.identity,
            score=verdict.score,
            reason=verdict.reason or None,
            judge_error=verdict.error,
            judge_cost_nanos=verdict.cost_nanos,
            audit_score=verdict.audit_score,
        )


def task(messages: list[dict[str, Any]]) -> str:
    """A conversation as a judge reads it: a single question as it is, a longer one with who says what."""
    texts = [_text(message.get("content")) for message in messages]
    if len(messages) == 1:
        return texts[0]
    said = zip(messages, texts, strict=True)
    return "\n\n".join(f"{message.get('role', 'user')}: {text}" for message, text in said if text)


def _text(content: Any) -> str:
    if not isinstance(content, list):
        return content if isinstance(content, str) else ""
    parts = [part for part in content if isinstance(part, dict)]
    texts = [part["text"] if isinstance(part.get("text"), str) else f"[{part.get('type', 'other')}]" for part in parts]
    return "\n".join(texts)
