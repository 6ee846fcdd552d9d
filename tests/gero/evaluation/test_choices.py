import time

import pytest

from gero.evaluation import ExactScorer


@pytest.mark.parametrize(
    ("answer", "letter"),
    [
        ("B", "B"),
        ("b", "B"),
        (" (B) ", "B"),
        ("B.", "B"),
        ("**b**", "B"),
        ("`C`", "C"),
        ("B) Paris", "B"),
        ("B: Paris, of course", "B"),
        ("(d) none of them", "D"),
        ("The answer is (B).", "B"),
        ("The answer is B because A is too old.", "B"),
        ("Answer: **C**", "C"),
        ("**Answer:** C", "C"),
        ("The correct option is the letter D!", "D"),
        ("the answer is b.", "B"),
        ("The answer is A.", "A"),
        ("The answer is A, since it fits.", "A"),
        ("First I thought the answer is A. No: the answer is C.", "C"),
        (r"So we get $\boxed{D}$ at last", "D"),
        (r"\boxed{\text{A}}", "A"),
        ("Let me think.\nParis is a city.\nB", "B"),
        ("Let me think.\nB) Paris", "B"),
        ("It can only be (C), I think.", "C"),
        ("I would say B here", "B"),
        ("A dog", None),
        ("I am not sure", None),
        ("The answer is a dog", None),
        ("The answer is A or B", None),
        ("The answer is (A) and (C).", None),
        ("Either (A) or (B)", None),
        ("A) Rome\nB) Paris\nC) Oslo", None),
        ("A) Rome\nB) Paris\nThe answer is B", "B"),
        ("Paris", None),
        ("", None),
        ("   \n ", None),
    ],
)
def test_the_chosen_letter_is_found_however_it_is_written(answer: str, letter: str | None) -> None:
    assert ExactScorer(["choice"]).normalize(answer) == letter


def test_a_choice_is_compared_with_accepted_answers_that_are_letters_or_begin_with_one() -> None:
    scorer = ExactScorer(["whitespace", "case", "choice"])
    assert scorer.score("I pick **B**.", ["B. Paris"]) == (True, "matches 'B. Paris'")
    assert scorer.score("C", ["B", "D"]) == (False, "'C' is not 'B' or another accepted answer")
    assert scorer.score("A or B", ["B"]) == (False, "no single choice in the answer")


@pytest.mark.parametrize(
    "hostile", ["answer" + " " * 50_000, "answer: " * 5_000, "(" * 50_000, r"\boxed{" * 5_000, "**A" * 9_000 + "*"]
)
def test_no_answer_takes_long(hostile: str) -> None:
    started = time.process_time()
    ExactScorer(["choice"]).normalize(hostile)
    assert time.process_time() - started < 0.5
