from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gero.evaluation import ExactScorer, check_normalizers
from gero.kit import Invalid


def matches(normalizers: list[str], output: str, *expected: str) -> bool:
    return ExactScorer(normalizers).score(output, expected)[0]


@pytest.mark.parametrize(
    ("normalizers", "output", "expected", "right"),
    [
        ([], "yes", "yes", True),
        ([], "yes ", "yes", False),
        (["whitespace"], " yes\n please ", "yes please", True),
        (["whitespace"], "Yes", "yes", False),
        (["case"], "STRASSE", "straße", True),
        (["case"], "yes ", "yes", False),
        (["punctuation"], "Yes, “really”…!", "Yes really", True),
        (["punctuation"], "it's", "its", True),
        (["whitespace", "case", "punctuation"], " YES.\n", "yes", True),
        (["whitespace"], "", "yes", False),
    ],
)
def test_texts_are_compared_as_the_normalizers_say(
    normalizers: list[str], output: str, expected: str, right: bool
) -> None:
    assert matches(normalizers, output, expected) is right


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("42", "42"),
        ("The answer is 42.", "42"),
        ("so 1,234.50 dollars", "1234.5"),
        ("$1,234,567", "1234567"),
        ("€ 12.00!", "12"),
        ("-3.10", "-3.1"),
        ("−3", "-3"),
        ("+7", "7"),
        (".5", "0.5"),
        ("-.50", "-0.5"),
        ("007", "7"),
        ("-0.0", "0"),
        ("100", "100"),
        ("50%", "50"),
        ("first 3 then 5", "5"),
        ("no number", None),
        ("", None),
        ("9" * 40, "9" * 40),
        ("0." + "1" * 40, "0." + "1" * 40),
    ],
)
def test_the_last_number_of_a_text_counts(text: str, number: str | None) -> None:
    assert ExactScorer(["number"]).normalize(text) == number


@pytest.mark.parametrize(("output", "expected"), [("1.5", "15"), ("-5", "5"), ("1,234.5", "12345")])
def test_a_number_keeps_its_sign_and_its_point_whatever_else_is_normalized(output: str, expected: str) -> None:
    every = ["whitespace", "case", "punctuation", "number"]
    assert not matches(every, output, expected)
    assert matches(every, f"It is {output}!", output)


def test_an_answer_without_a_number_equals_nothing_not_even_another_without() -> None:
    right, reason = ExactScorer(["number"]).score("none", ["none"])
    assert not right
    assert reason == "no number in the answer"


def test_any_of_the_accepted_answers_will_do_and_the_reason_says_which() -> None:
    scorer = ExactScorer(["case"])
    assert scorer.score("TWO", ["one", "two"]) == (True, "matches 'two'")
    assert scorer.score("three", ["one", "two"]) == (False, "'three' is not 'one' or another accepted answer")


def test_a_reason_stays_short() -> None:
    assert len(ExactScorer([]).score("x" * 10_000, ["y" * 10_000])[1]) < 200


def test_an_unknown_normalizer_is_refused_by_name() -> None:
    check_normalizers(["whitespace", "case", "punctuation", "number"])
    with pytest.raises(Invalid, match="'stem' is none of"):
        check_normalizers(["case", "stem"])


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**12), max_value=10**12))
def test_a_number_equals_itself_in_every_usual_notation(value: Decimal) -> None:
    for written in (f"{value:f}", f"{value:,f}", f"The answer is {value:,f}.", f"{value:f}000"):
        assert matches(["number"], written, str(value)), written


@given(st.integers(-(10**40), 10**40), st.integers(-(10**40), 10**40))
def test_different_numbers_never_match(one: int, other: int) -> None:
    assert matches(["number"], f"{one:,}", str(other)) is (one == other)


@given(st.text(), st.lists(st.sampled_from(["whitespace", "case", "punctuation", "number"]), unique=True))
def test_any_text_is_normalized_and_once_is_enough(text: str, normalizers: list[str]) -> None:
    scorer = ExactScorer(normalizers)
    once = scorer.normalize(text)
    if once is not None and "case" not in normalizers:  # folding is not idempotent for every script
        assert scorer.normalize(once) == once
