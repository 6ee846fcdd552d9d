"""Scores by a judge: a model that reads an answer and says how good it is."""

import hashlib
import re
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any

import msgspec

from gero import providers
from gero.datasets import Row
from gero.evaluation import verdict
from gero.evaluation.judge import Judge
from gero.evaluation.judge_prompt import Question
from gero.evaluation.verdict import Ruling
from gero.providers import Answer, CallFailed
from gero.traces import SCORE_SCALE

# How a judge is asked: messages, and parameters that win over the endpoint's own.
Ask = Callable[[list[dict[str, Any]], dict[str, Any]], Awaitable[Answer]]

# A parameter that some servers refuse, and the words by which their error names it.
_OPTIONAL = {
    "response_format": re.compile(r"response_?format|json_?schema|structured|\bschema\b", re.IGNORECASE),
    "temperature": re.compile(r"temperature", re.IGNORECASE),
}
_NOT_ACCEPTED = (400, 404, 422, 501)
UNPARSED = "the judge gave no verdict that can be read, not even asked again"


class Verdict(msgspec.Struct, frozen=True):
    """What a judge made of one answer: a scaled score, or None and the `error`. `cost_nanos`: of all calls for it.

    `audit_score`: the second verdict on an audited row. The score of an audited pair is the mean of both verdicts, so
    that it is a flip exactly when `audit_score` is not the score.
    """

    score: int | None
    reason: str
    cost_nanos: int = 0
    error: str | None = None
    audit_score: int | None = None


class JudgeScorer:
    """Has answers judged. `seed`: what sides and audited rows are drawn with, the same for all candidates of a run;
    `prompt`: the task's, which the judge is shown with the row's input in it.
    """

    def __init__(self, judge: Judge, ask: Ask, seed: str, prompt: str | None = None) -> None:
        self._judge = judge
        self._prompt = prompt
        self._ask = ask
        self._seed = seed
        self._refused = _refused(judge.endpoint.address)
        self._unsettled: dict[tuple[str, str], int] = {}

    async def score(self, row: Row, answer: str, reference_answer: str | None) -> Verdict:
        """The verdict on a candidate's answer; `reference_answer` is what it is compared with in mode pairwise.

        What `ask` raises is raised: the same answer may be judged later, and what was paid for it so far is in that
        verdict's cost. An audit that cannot be made is left out. Without a reference answer the candidate wins, and the
        same answer as the reference's is a tie; neither takes a call.
        """
        if self._judge.mode == "pairwise":
            if reference_answer is None:
                return Verdict(SCORE_SCALE, "wins: the reference has no answer")
            if answer.strip() == reference_answer.strip():
                return Verdict(SCORE_SCALE // 2, "tie: the same answer as the reference's")
        spent = _Spent(self._unsettled.pop((row.id, answer), 0))
        try:
            first = await self._verdict(row, answer, reference_answer, spent, again=False)
        except BaseException:
            self._unsettled[row.id, answer] = spent.nanos
            raise
        if first.score is None or not self.is_audited(row):
            return msgspec.structs.replace(first, cost_nanos=spent.nanos)
        second = await self._audit(row, answer, reference_answer, spent)
        score = first.score
        if second is not None and self._judge.mode == "pairwise":
            score = (first.score + second) // 2
        return msgspec.structs.replace(first, score=score, cost_nanos=spent.nanos, audit_score=second)

    def unsettled_nanos(self, row: Row, answer: str) -> int:
        """What was paid for an answer that came to no verdict, since `ask` failed; for whoever gives it up. Asked
        again, it is 0.
        """
        return self._unsettled.pop((row.id, answer), 0)

    def is_audited(self, row: Row) -> bool:
        """Whether the row is judged twice: the same rows for every candidate."""
        return self._drawn("audit", row) % 100 < self._judge.audit_percent

    def stands_first(self, row: Row) -> bool:
        """Whether the candidate is side A in the first verdict on a pair."""
        return self._drawn(f"side {self._judge.reference_id}", row) % 2 == 0

    def _drawn(self, what: str, row: Row) -> int:
        drawn = "\0".join((self._seed, what, row.id))
        return int.from_bytes(hashlib.blake2b(drawn.encode("utf-8", "surrogatepass"), digest_size=8).digest())

    async def _audit(self, row: Row, answer: str, reference_answer: str | None, spent: "_Spent") -> int | None:
        try:
            return (await self._verdict(row, answer, reference_answer, spent, again=True)).score
        except (
            CallFailed,
            providers.NotNow,
            providers.Stopped,
        ):  # there is a verdict, paid for: it counts without a second one
            return None

    async def _verdict(
        self, row: Row, answer: str, reference_answer: str | None, spent: "_Spent", *, again: bool
    ) -> Verdict:
        task = row.input if self._prompt is None else providers.prompt.render(self._prompt, row.input)
        if self._judge.mode == "pointwise":
            ruling = await self._ruling(Question(self._judge, row, task, [answer]), spent)
            return Verdict(int(ruling.decided), ruling.reason) if ruling else _unparsed()
        first = self.stands_first(row) is not again
        sides = [answer, str(reference_answer)] if first else [str(reference_answer), answer]
        ruling = await self._ruling(Question(self._judge, row, task, sides), spent)
        return _against(ruling, "A" if first else "B") if ruling else _unparsed()

    async def _ruling(self, question: Question, spent: "_Spent") -> Ruling | None:
        reply = await self._reply(question.messages(), spent)
        found = verdict.read(reply, self._judge.mode)
        if found is None:
            found = verdict.read(await self._reply(question.repair(reply), spent), self._judge.mode)
        return found

    async def _reply(self, messages: list[dict[str, Any]], spent: "_Spent") -> str:
        while True:
            wished = {"temperature": 0, "response_format": verdict.schema(self._judge.mode)}
            sent = {name: value for name, value in wished.items() if name not in self._refused}
            try:
                answer = await self._ask(messages, sent)
            except CallFailed as error:
                refused = {name for name in sent if _refuses(error, name)}
                if not refused:
                    raise
                self._refused |= refused
            else:
                spent.nanos += answer.cost_nanos
                return answer.text


class _Spent:
    def __init__(self, nanos: int) -> None:
        self.nanos = nanos


@lru_cache(maxsize=256)
def _refused(address: str) -> set[str]:
    """The parameters that an endpoint does not take; remembered by the process."""
    return set()


def _refuses(error: CallFailed, parameter: str) -> bool:
    return error.details.get("provider_status") in _NOT_ACCEPTED and bool(_OPTIONAL[parameter].search(error.message))


def _unparsed() -> Verdict:
    return Verdict(None, "", error=UNPARSED)


def _against(ruling: Ruling, side: str) -> Verdict:
    """The verdict on the candidate that was `side` of a pair."""
    if ruling.decided == "tie":
        return Verdict(SCORE_SCALE // 2, f"tie (it was {side}): {ruling.reason}")
    if ruling.decided == side:
        return Verdict(SCORE_SCALE, f"wins (as {side}): {ruling.reason}")
    return Verdict(0, f"loses (as {side}): {ruling.reason}")
