import time

import pytest

from gero.evaluation import ExactScorer, check_normalizers
from gero.kit import Invalid


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(a+)+b", "a" * 100_000),
        (r"(a|a)*b", "a" * 100_000),
        (r"(a?){30}a{30}", "a" * 29),
        (r"(?s).*a.*b.*c", "ab" * 50_000),
        (r"(\w+\s?)*!", "word " * 20_000),
        (r"^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 50_000),
        (r"(.*)(.*)(.*)(.*)x", "y" * 50_000),
    ],
)
def test_a_pattern_that_would_take_forever_takes_less_than_a_second(pattern: str, text: str) -> None:
    check_normalizers(["regex"], pattern)
    started = time.process_time()
    assert ExactScorer(["regex"], pattern).score(text, ["x"]) == (False, "the pattern finds nothing in the answer")
    assert time.process_time() - started < 1.5


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(", "not a regular expression"),
        ("a**", "not a regular expression"),
        (r"(a)\1", "a back reference"),
        (r"(?<=a)b", "looking ahead or behind"),
        (r"a(?!b)", "looking ahead or behind"),
        (r"((a{100}){100}){100}", "repeats too much"),
        ("(" * 5_000 + ")" * 5_000, ""),
    ],
)
def test_a_pattern_that_cannot_be_searched_for_is_refused_and_the_field_is_named(pattern: str, why: str) -> None:
    with pytest.raises(Invalid, match=f"answer_pattern: .*{why}") as refused:
        check_normalizers(["regex"], pattern)
    assert refused.value.details["field"] == "answer_pattern"


def test_pattern_and_normalizer_need_each_other() -> None:
    with pytest.raises(Invalid, match="answer_pattern: the normalizer regex needs"):
        check_normalizers(["regex"])
    with pytest.raises(Invalid, match="normalizers: add regex"):
        check_normalizers(["case"], "a")


def test_the_first_group_is_compared_else_the_whole_match() -> None:
    assert ExactScorer(["regex"], r"#### (\d+)").normalize("so 3 + 4\n#### 7") == "7"
    assert ExactScorer(["regex"], r"\d+").normalize("so 7 it is") == "7"
    assert ExactScorer(["regex"], r"x(y)?").normalize("x") == "x"


def test_an_accepted_answer_may_be_the_bare_value_or_written_like_an_answer() -> None:
    scorer = ExactScorer(["regex"], r"#### (\d+)")
    assert scorer.score("#### 7", ["7"]) == (True, "matches '7'")
    assert scorer.score("#### 7", ["because\n#### 7"])[0]
    assert not scorer.score("7", ["7"])[0]


def test_of_a_long_answer_the_end_is_searched() -> None:
    assert ExactScorer(["regex"], r"answer: (\w)").normalize("answer: A" + " " * 50_000 + "answer: B") == "B"


def test_a_part_is_taken_out_before_anything_else_whatever_the_order() -> None:
    for normalizers in (["number", "final_line"], ["final_line", "number"]):
        assert ExactScorer(normalizers).normalize("1 and 2\n so 3 apples \n\n") == "3"
    assert ExactScorer(["punctuation", "case", "regex"], r"#+ (.*)").normalize("### It's!") == "its"


def test_an_empty_answer_has_no_final_line() -> None:
    assert ExactScorer(["final_line"]).score(" \n ", ["yes"]) == (False, "the answer is empty")


def test_two_values_cannot_be_read_at_once() -> None:
    with pytest.raises(Invalid, match="number and choice read different things"):
        check_normalizers(["choice", "number"])
