"""Labels that correct a run's own comparisons, and how many there can be."""

from typing import Any

import pytest

from gero import ranking, reviews
from gero.evaluation import Evaluation, EvaluationPlan
from gero.ranking import PairSums
from gero.reviews.queue import Lane
from tests.gero.plans import candidate, stored_plan
from tests.gero.reviews.answered import NAMES, Person, answered, now, opened, own_words, take
from tests.gero.reviews.test_labelling import SCORES, judge, judged, review


def of_two(rows: int, answer: Any, **changed: Any) -> EvaluationPlan:
    """A run with a judge and two models, in one block. What failed scores 0, without the judge."""
    found = judge()
    candidates = tuple(candidate(name, "http://x.test/v1") for name in "ab")
    evaluation = Evaluation("judge", judge=found)
    plan = stored_plan(rows=rows, candidates=candidates, evaluation=evaluation, rows_per_block=rows)
    for name in "ab":
        take(plan, 0, name, answer, score=SCORES[name], judge=found.identity, **changed)
    return plan


def test_labels_against_the_answers_that_a_judge_compares_with_count(cloud: None) -> None:
    found = judge()
    plan = stored_plan(
        rows=3,
        candidates=tuple(candidate(name, "http://x.test/v1") for name in NAMES),
        evaluation=Evaluation("judge", judge=found),
    )
    for name, score, by in (("a", 500_000, None), ("b", 1_000_000, found.identity), ("c", 0, found.identity)):
        take(plan, 0, name, score=score, judge=by)
    opened(plan, token=None)
    review(plan, "b", 3)
    labels = reviews.labels("w", "l", found.identity)
    assert {pair: (sums.n, sums.judge_sum) for pair, sums in labels.pairs.items()} == {
        ("a", "b"): (1, -500_000),
        ("a", "c"): (1, 500_000),
        ("b", "c"): (1, 1_000_000),
    }
    assert reviews.capacity("w", "l") == 9


def test_scores_of_a_run_without_a_judge_are_no_judges(cloud: None) -> None:
    plan = stored_plan(rows=1, candidates=tuple(candidate(name, "http://x.test/v1") for name in "ab"))
    for name in "ab":
        take(plan, 0, name, score=1_000_000)
    opened(plan)
    Person(plan).prefer("a", Person(plan).item())
    assert reviews.labels("w", "l", judge().identity).total.n == 0
    assert reviews.capacity("w", "l") == 0


def test_what_needs_nobody_is_labelled_as_its_turn_comes_so_that_labels_stay_a_random_sample(cloud: None) -> None:
    def answer(model: str, row_id: str) -> str:
        return own_words(model, row_id) if int(row_id[1:]) % 4 == 0 else "alike"  # type: ignore[return-value]

    plan = of_two(40, answer)
    opened(plan, token=None, rows=40)
    review(plan, "a", 5)
    (sums,) = reviews.labels("w", "l", judge().identity).pairs.values()
    assert (sums.n, sums.human_sum) == (17, 5_000_000), "of every four rows people prefer a on one, and three are alike"
    while shown := Person(plan).next():
        Person(plan).prefer("a", shown)
    (sums,) = reviews.labels_of_run(plan).pairs.values()
    assert (sums.n, sums.human_sum) == (reviews.capacity("w", "l"), 10_000_000)


def test_a_failed_answer_is_a_label_against_it_beside_the_score_that_the_run_gave_it(cloud: None) -> None:
    def answer(model: str, row_id: str) -> str | None:
        return None if (model, row_id) == ("b", "r0") else own_words(model, row_id)

    plan = of_two(2, answer)
    opened(plan, token=None)
    Person(plan).item()
    (sums,) = reviews.labels("w", "l", judge().identity).pairs.values()
    assert (sums.n, sums.human_sum, sums.judge_sum) == (1, 1_000_000, 750_000)


def test_a_failed_answer_is_rated_zero_by_a_label(cloud: None) -> None:
    plan = of_two(1, lambda model, row_id: None)
    opened(plan, token=None, mode="rating")
    assert Person(plan).next() is None
    (sums,) = reviews.labels("w", "l", judge().identity).pairs.values()
    assert (sums.n, sums.human_sum) == (1, 0)


def test_automatic_labels_carry_over_as_items_that_need_nobody(cloud: None) -> None:
    def answer(model: str, row_id: str) -> str | None:
        return "alike" if row_id == "r0" else own_words(model, row_id)

    first = of_two(3, answer)
    opened(first, token=None)
    review(first, "a", 1)
    again = of_two(3, answer)
    assert opened(again, token=None).counts == {"n_automatic": 1, "n_votes": 1, "n_0_1_tie": 1, "n_0_1_first": 1}
    assert reviews.report(now(again)).reviewers == {"ann": 1}


def test_a_run_is_corrected_only_by_labels_on_its_own_answers_with_its_own_scores(cloud: None) -> None:
    first = judged()
    opened(first, token=None)
    review(first, "a", 6)

    def changed(model: str, row_id: str) -> str:
        return "b in new words" if model == "b" else f"{model} on {row_id}"

    second = judged(answer=changed, scores=SCORES | {"c": 1_000_000})
    opened(second, token=None)
    every, own = reviews.labels("w", "l", judge().identity), reviews.labels_of_run(second)
    assert (every.total.n, own.total.n) == (6, 2), "two rows of a and c"
    assert (own.pairs["a", "c"].n, own.pairs["a", "c"].judge_sum) == (2, 0)
    assert set(own.pairs) == {("a", "c")}
    assert reviews.labels_of_run(first).pairs["a", "c"].judge_sum == 1_500_000
    opened(judged(by=judge("other")), token=None)
    assert reviews.labels_of_run(first).total.n == 6, "whatever judge came later"


def test_a_run_without_a_judge_or_a_review_has_no_labels_of_its_own(cloud: None) -> None:
    assert reviews.labels_of_run(judged()).total.n == 0
    plan = answered(rows=1)
    opened(plan)
    Person(plan).prefer("a", Person(plan).item())
    assert reviews.labels_of_run(plan).total.n == 0


def test_a_queue_can_give_as_many_labels_as_it_has_pairs_of_scored_answers(cloud: None) -> None:
    assert reviews.capacity("w", "l") == 0
    plan = of_two(4, own_words)
    take(plan, 0, "b", own_words, score=None, judge=judge().identity)
    opened(judged(rows=4), token=None, rows=2)
    assert reviews.capacity("w", "l") == 6, "three pairs of two rows"
    opened(plan, token=None)
    assert reviews.capacity("w", "l") == 0, "the judge was silent on every answer of b"


def test_the_corrected_difference_of_a_wholly_labelled_run_is_what_people_say(cloud: None) -> None:
    def answer(model: str, row_id: str) -> str | None:
        return "alike" if int(row_id[1:]) % 2 else own_words(model, row_id)

    plan = of_two(10, answer)
    opened(plan, token=None)
    while shown := Person(plan).next():
        Person(plan).prefer("a", shown)
    labels = reviews.labels_of_run(plan).pairs["a", "b"]
    whole = PairSums(10, 10_000_000, 2_500_000, 10**13, 10 * 250_000**2, 10 * 250_000 * 10**6)
    corrected = ranking.corrected_difference(labels, ranking.judged_only(whole, labels))
    assert corrected
    assert (corrected.n_labels, corrected.n_judged) == (10, 0)
    assert corrected.difference == pytest.approx(0.5)
    assert now(plan).count(Lane(0, 1), "tie") == 5
