import json

import pytest

from gero.datasets import Row
from gero.evaluation.judging import Verdict
from infra.local.stand_ins.judges import judge_strictly
from tests.gero.evaluation.judges import COST, ROW, Scorer, scorer, server
from tests.model_server import ModelServer

__all__ = ["scorer", "server"]
PAIR = {"mode": "pairwise", "reference_id": "champion"}


def always(winner: str) -> str:
    return json.dumps({"reason": "why", "winner": winner})


def test_sides_are_drawn_evenly_and_fixed_for_a_row(scorer: Scorer) -> None:
    rows = [Row(f"r{number}", "x") for number in range(4000)]
    first = [scorer(**PAIR).stands_first(row) for row in rows]
    assert 1850 < sum(first) < 2150
    assert first == [scorer(**PAIR).stands_first(row) for row in rows]
    other = scorer(**(PAIR | {"reference_id": "another"}))
    assert first != [other.stands_first(row) for row in rows]
    audited = scorer(**PAIR, audit_percent=10)
    within = [audited.stands_first(row) for row in rows if audited.is_audited(row)]
    assert 0.4 < sum(within) / len(within) < 0.6, "audits must not favour a side"


async def test_the_better_answer_wins_whichever_side_it_is_on(scorer: Scorer) -> None:
    one = scorer(**PAIR)
    for number in range(8):
        row = Row(f"r{number}", "The capital of France?", ["Paris"])
        side = "A" if one.stands_first(row) else "B"
        won, lost = await one.score(row, "Paris", "Rome"), await one.score(row, "Rome", "Paris")
        assert (won.score, lost.score) == (1_000_000, 0)
        assert won.reason.startswith(f"wins (as {side}): ")
        assert lost.reason.startswith(f"loses (as {side}): ")
        assert (await one.score(row, "Rome", "Oslo")).score == 500_000


async def test_a_judge_that_always_prefers_one_side_is_neutral_on_audited_rows_and_seen_to_flip(
    scorer: Scorer, server: ModelServer
) -> None:
    server.answer = lambda model, prompt: always("A")
    one = scorer(**PAIR, audit_percent=100)
    for number in range(6):
        row = Row(f"r{number}", "x")
        verdict = await one.score(row, "Paris", "Rome")
        assert (verdict.score, verdict.cost_nanos) == (500_000, 2 * COST)
        assert verdict.audit_score == (0 if one.stands_first(row) else 1_000_000)


async def test_the_second_verdict_on_a_pair_has_the_sides_exchanged(scorer: Scorer, server: ModelServer) -> None:
    seen: list[list[int]] = []

    def answer(model: str, prompt: str) -> str:
        seen.append([prompt.index("Paris is it"), prompt.index("Rome is it")])
        return judge_strictly(prompt)

    server.answer = answer
    verdict = await scorer(**PAIR, audit_percent=100).score(ROW, "Paris is it", "Rome is it")
    assert (verdict.score, verdict.audit_score) == (1_000_000, 1_000_000)
    assert (seen[0][0] < seen[0][1]) is not (seen[1][0] < seen[1][1])


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (None, Verdict(1_000_000, "wins: the reference has no answer")),
        (" Paris\n", Verdict(500_000, "tie: the same answer as the reference's")),
    ],
)
async def test_where_there_is_nothing_to_compare_no_call_is_made(
    scorer: Scorer, server: ModelServer, reference: str | None, expected: Verdict
) -> None:
    assert await scorer(**PAIR).score(ROW, "Paris", reference) == expected
    assert not server.requests


async def test_an_unreadable_verdict_on_a_pair_leaves_it_unscored(scorer: Scorer, server: ModelServer) -> None:
    server.answer = lambda model, prompt: "A is better, obviously."
    verdict = await scorer(**PAIR).score(ROW, "Paris", "Rome")
    assert (verdict.score, verdict.cost_nanos) == (None, 2 * COST)
