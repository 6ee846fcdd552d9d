"""The stand-in judges: read Gero's own prompts, as a run sends them."""

import json
from typing import Any

import httpx
import pytest

from gero.datasets import Row
from gero.evaluation import Judge
from gero.evaluation.judge_prompt import Question
from gero.evaluation.verdict import read
from gero.providers import Endpoint
from infra.local.stand_ins import OPENROUTER_KEY, StandIns
from infra.local.stand_ins.judges import JUDGES

POINTWISE = Judge("j", Endpoint("custom", "x"))
PAIRWISE = Judge("j", Endpoint("custom", "x"), mode="pairwise", reference_id="c")


def prompt(*answers: str, expected: list[str] | None = None, judge: Judge = POINTWISE, row: str = "r") -> str:
    made = Row(row, "What is the capital of France?", ["Paris", "City of Light"] if expected is None else expected)
    return str(Question(judge, made, made.input, answers).messages()[1]["content"])


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("paris.", "1"),
        ("The City of Light", "0.75"),
        ("City of Bright Light", "0.5"),
        ("a city", "0.25"),
        ("Rome", "0"),
        ("", "0"),
    ],
)
def test_the_strict_judge_compares_with_the_references(answer: str, score: str) -> None:
    assert json.loads(JUDGES["judge-strict"].answer(prompt(answer)))["score"] == score


def test_without_a_reference_the_words_of_the_task_count() -> None:
    texts = [prompt(answer, expected=[]) for answer in ("the capital of France is it", "no idea")]
    assert [json.loads(JUDGES["judge-strict"].answer(text))["score"] for text in texts] == ["0.5", "0"]


@pytest.mark.parametrize(
    ("answers", "winner"), [(("Paris", "Rome"), "A"), (("Rome", "Paris"), "B"), (("Rome", "Oslo"), "tie")]
)
def test_of_two_answers_the_nearer_one_wins(answers: tuple[str, str], winner: str) -> None:
    assert json.loads(JUDGES["judge-strict"].answer(prompt(*answers, judge=PAIRWISE)))["winner"] == winner


def test_the_flaky_judge_is_at_fault_in_about_every_fifth_verdict_and_always_in_the_same() -> None:
    strict, flaky = JUDGES["judge-strict"], JUDGES["judge-flaky"]
    texts = [prompt(f"Paris {number}") for number in range(500)]
    verdicts = [flaky.answer(text) for text in texts]
    assert verdicts == [flaky.answer(text) for text in texts]
    none = sum(read(verdict, "pointwise") is None for verdict in verdicts)
    other = sum(verdict != strict.answer(text) for verdict, text in zip(verdicts, texts, strict=True))
    assert 25 < none < 80
    assert 60 < other < 150


def test_they_answer_where_the_models_do_and_read_a_repair_with_its_question() -> None:
    row = Row("r", "What is the capital of France?", ["Paris"])
    messages: list[dict[str, Any]] = Question(POINTWISE, row, row.input, ["Paris"]).repair("I like it.")
    with StandIns() as stand_ins, httpx.Client(timeout=20) as client:
        for url, model in (
            (stand_ins.chat_url, "judge-strict"),
            (f"{stand_ins.openrouter_url}/chat/completions", "assay/judge-strict"),
        ):
            headers = {"Authorization": f"Bearer {OPENROUTER_KEY}"}
            told = client.post(url, json={"model": model, "messages": messages}, headers=headers).json()
            assert json.loads(told["choices"][0]["message"]["content"])["score"] == "1"
