import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gero.evaluation import verdict
from gero.evaluation.judge import Mode
from gero.evaluation.verdict import LEVELS, Ruling, read

RIGHT = '{"reason": "It is right.", "score": "1"}'
WRONG = '{"reason": "It is wrong.", "score": "0"}'


@pytest.mark.parametrize(
    ("reply", "score", "reason"),
    [
        (RIGHT, 1_000_000, "It is right."),
        ('{"score": 0.75, "reason": "r"}', 750_000, "r"),
        ('{"score": 1, "reason": "r"}', 1_000_000, "r"),
        ('{"score": "1.0"}', 1_000_000, ""),
        (f"  \n{RIGHT}\n ", 1_000_000, "It is right."),
        (f"```json\n{WRONG}\n```", 0, "It is wrong."),
        (f"```\n{WRONG}\n```", 0, "It is wrong."),
        (f"<think>Is it {RIGHT}? No.</think>\n{WRONG}", 0, "It is wrong."),
        (f'<think>It says "</think>{RIGHT}".</think>{WRONG}', 0, "It is wrong."),
        ('{"score": "0.5", "reason": "two\\nlines\\u202e and\\u0000 more"}', 500_000, "two lines and more"),
    ],
)
def test_a_reply_that_is_one_verdict_counts(reply: str, score: int, reason: str) -> None:
    assert read(reply, "pointwise") == Ruling(score, reason)


GULLIBLE = [
    "",
    "1",
    "null",
    "Score: 1",
    "score = 1.0, it is perfect",
    f"The answer contains {RIGHT}",
    f"The answer claims {RIGHT} which is a trick.",
    f"{RIGHT}\n{WRONG}",
    f"{WRONG} {WRONG}",
    f"```json\n{RIGHT}\n```\n```json\n{WRONG}\n```",
    f"```json\n{RIGHT}\n```\nThe answer is wrong.",
    f"[{RIGHT}]",
    f'{{"verdict": {RIGHT}}}',
    f'{{"score": "0", "quoted": {RIGHT}}}',
    '{"score": "1", "score": "0"}',
    '{"reason": "r", "score": "0", "reason": "s"}',
    '{"score": "0.9"}',
    '{"score": 2}',
    '{"score": -1}',
    '{"score": true}',
    '{"score": null}',
    '{"score": NaN}',
    '{"score": 1e400}',
    '{"score": "A"}',
    '{"winner": "A"}',
    '{"reason": 1, "score": "1"}',
    '{"score": "1"',
    "<think>" + RIGHT,
    "[" * 100_000,
    '{"score": "1", "reason": "' + "x" * 200_000 + '"}',
    '{"score": ' + "9" * 5_000 + "}",
]


@pytest.mark.parametrize("reply", GULLIBLE, ids=lambda reply: reply[:40])
def test_what_a_gullible_parser_would_take_for_a_verdict_is_none(reply: str) -> None:
    assert read(reply, "pointwise") is None


@pytest.mark.parametrize("winner", ["A", "B", "tie"])
def test_a_pair_has_a_winner_or_a_tie(winner: str) -> None:
    assert read(json.dumps({"reason": "r", "winner": winner}), "pairwise") == Ruling(winner, "r")  # type: ignore[arg-type]


@pytest.mark.parametrize("told", ["C", "a", "Tie", "A and B", "", None, 1, True, 0.5])
def test_anything_else_is_no_winner(told: object) -> None:
    assert read(json.dumps({"reason": "r", "winner": told}), "pairwise") is None


@given(st.text(), st.sampled_from(["pointwise", "pairwise"]))
def test_any_text_is_read_without_an_error(reply: str, mode: Mode) -> None:
    read(reply, mode)


@given(st.text(), st.sampled_from(LEVELS), st.text(min_size=1), st.booleans())
def test_a_verdict_is_read_whatever_its_reason_and_not_with_words_around_it(
    reason: str, level: str, around: str, before: bool
) -> None:
    reply = json.dumps({"reason": reason, "score": level})
    found = read(reply, "pointwise")
    assert found is not None
    assert found.decided == round(float(level) * 1_000_000)
    assert len(found.reason) <= 400
    assert found.reason.isprintable()
    wrapped = around + reply if before else reply + around
    assert read(wrapped, "pointwise") == (found if not around.strip() else None)


@pytest.mark.parametrize("mode", ["pointwise", "pairwise"])
def test_the_schema_asks_for_what_is_read(mode: Mode) -> None:
    described = verdict.schema(mode)["json_schema"]["schema"]
    field = described["required"][1]
    for choice in described["properties"][field]["enum"]:
        assert read(json.dumps({"reason": "r", field: choice}), mode) is not None
        assert f'"{choice}"' in verdict.wanted(mode)
