from typing import Any

import msgspec

from gero import datasets, reviews
from gero.evaluation import Evaluation, EvaluationPlan, Judge
from gero.evaluation import plan as plans
from gero.providers import Endpoint
from gero.reviews import items, race
from tests.gero.plans import candidate, stored_plan
from tests.gero.reviews.answered import Person, models_of, now, opened, own_words, take

SCORES = {"a": 1_000_000, "b": 250_000, "c": 250_000}


def judge(name: str = "strict") -> Judge:
    return Judge(name, Endpoint(platform="custom", url="http://j.test/v1", model=name))


def judged(
    rows: int = 4, by: Judge | None = None, answer: Any = own_words, scores: dict[str, int] = SCORES
) -> EvaluationPlan:
    """A run whose answers a judge scored."""
    found = by or judge()
    candidates = tuple(candidate(name, "http://x.test/v1") for name in "abc")
    plan = stored_plan(rows=rows, candidates=candidates, evaluation=Evaluation("judge", judge=found))
    for block in range(plan.blocks):
        for name in "abc":
            take(plan, block, name, answer, score=scores[name], judge=found.identity)
    return plan


def review(plan: EvaluationPlan, winner: str, votes: int, name: str = "ann") -> None:
    person = Person(plan, name)
    for _ in range(votes):
        shown = person.item()
        person.prefer(winner if winner in models_of(shown) else "nobody", shown)


def test_a_vote_becomes_a_label_beside_what_the_judge_said(cloud: None) -> None:
    plan = judged()
    opened(plan, token=None)
    review(plan, "b", 3)
    found = reviews.labels("w", "l", judge().identity)
    assert set(found.pairs) == {("a", "b"), ("a", "c"), ("b", "c")}
    ab = found.pairs["a", "b"]
    assert (ab.n, ab.human_sum, ab.judge_sum, ab.products) == (1, -1_000_000, 750_000, -750_000_000_000)
    assert (found.pairs["b", "c"].human_sum, found.pairs["b", "c"].judge_sum) == (1_000_000, 0)
    assert found.pairs["a", "c"].human_sum == 0
    assert found.total.n == 3
    assert found.total.agreement.observed == 0


def test_a_judge_is_not_held_against_what_another_one_said(cloud: None) -> None:
    plan = judged()
    opened(plan, token=None)
    review(plan, "a", 3)
    assert reviews.labels("w", "l", judge("other").identity).total.n == 0


def test_labels_survive_the_run_and_meet_the_next_judge_while_the_answers_are_the_same(cloud: None) -> None:
    first = judged()
    opened(first, token=None)
    review(first, "a", 6)
    other = judge("other")
    flipped = {"a": 0, "b": 1_000_000, "c": 1_000_000}

    def changed(model: str, row_id: str) -> str:
        return "new words" if (model, row_id) == ("b", "r0") else f"{model} on {row_id}"

    opened(judged(by=other, answer=changed, scores=flipped), token=None)
    found = reviews.labels("w", "l", other.identity)
    assert found.total.n == 4, "two of six pairs show the answer that changed"
    assert found.pairs["a", "b"].judge_sum == -1_000_000
    assert found.pairs["a", "b"].human_sum == 1_000_000


def test_undoing_forgets_the_label_and_several_reviewers_make_one(cloud: None) -> None:
    plan = judged(rows=1)
    opened(plan, token=None, reviewers_per_item=2)
    ann = Person(plan)
    shown = ann.item()
    ann.prefer("a", shown)
    ann.back(shown.item_id)
    assert reviews.labels("w", "l", judge().identity).total.n == 0
    review(plan, "a", 3)
    review(plan, "nobody", 3, "bob")
    found = reviews.labels("w", "l", judge().identity)
    assert found.total.n == 3
    assert found.pairs["a", "b"].human_sum == 500_000


def test_ratings_are_compared_by_row(cloud: None) -> None:
    plan = judged(rows=2)
    opened(plan, token=None, mode="rating")
    person = Person(plan)
    for _ in range(6):
        shown = person.item()
        person.say(shown.item_id, rating={"a": 0.5, "b": 1.0, "c": 0.0}[shown.a[0]])
    found = reviews.labels("w", "l", judge().identity)
    assert {pair: sums.n for pair, sums in found.pairs.items()} == {("a", "b"): 2, ("a", "c"): 2, ("b", "c"): 2}
    assert (found.pairs["a", "b"].human_sum, found.pairs["a", "b"].judge_sum) == (-1_000_000, 1_500_000)


def test_a_run_without_a_judge_leaves_labels_that_a_later_judge_meets(cloud: None) -> None:
    plan = stored_plan(rows=2, candidates=tuple(candidate(name, "http://x.test/v1") for name in "abc"))
    for name in "abc":
        take(plan, 0, name)
    opened(plan)
    review(plan, "a", 3)
    assert reviews.labels("w", "l", judge().identity).total.n == 0
    opened(judged(rows=2), token=None)
    assert reviews.labels("w", "l", judge().identity).total.n == 3


def test_people_are_asked_only_what_they_have_not_said_of_the_same_answers(cloud: None) -> None:
    first = judged(rows=2)
    opened(first, token=None)
    review(first, "a", 3)

    def changed(model: str, row_id: str) -> str:
        return "c in new words" if (model, row_id) == ("c", "r0") else f"{model} on {row_id}"

    plan = judged(rows=2, answer=changed)
    queue = opened(plan)
    assert queue.counts == {"n_votes": 1, "n_0_1_first": 1}
    assert reviews.report(queue).reviewers == {"ann": 1}
    seen = []
    ann = Person(plan)
    while shown := ann.next():
        seen.append((shown.input, frozenset(models_of(shown))))
        ann.prefer("nobody", shown)
    assert len(seen) == 5
    assert ("input 0", frozenset("ab")) not in seen
    assert now(plan).end == "reviewed"


def test_a_verdict_that_was_carried_over_can_be_undone(cloud: None) -> None:
    first = judged(rows=1)
    opened(first, token=None)
    shown = Person(first).item()
    Person(first).prefer("a", shown)
    plan = judged(rows=1)
    (place, _), *_ = items.listed(opened(plan, token=None))
    Person(plan).back(place.sealed(now(plan)))
    assert reviews.labels("w", "l", judge().identity).total.n == 0
    assert not any(now(plan).counts.values())


def test_a_verdict_on_another_question_or_by_other_means_does_not_count(cloud: None) -> None:
    first = judged(rows=1)
    opened(first, token=None)
    review(first, "a", 3)
    asked_anew = [msgspec.structs.replace(row, rubric="be brief") for row in plans.load_block(first, 0)]
    second = judged(rows=1)
    prefix = plans.run_prefix("w", "l", second.run_id)
    plans.save_block(prefix, 0, [datasets.encode(row) for row in asked_anew])
    assert opened(second, token=None).counts == {}
    assert opened(judged(rows=1), token=None, mode="rating").counts == {}
    assert opened(judged(rows=1), token=None).counts["n_votes"] == 3


def test_ratings_and_the_order_of_candidates_carry_over(cloud: None) -> None:
    first = judged(rows=1)
    opened(first, token=None, mode="rating")
    person = Person(first)
    for _ in range(3):
        shown = person.item()
        person.say(shown.item_id, rating={"a": 0.5, "b": 1.0, "c": 0.0}[shown.a[0]])
    again = opened(judged(rows=1), token=None, mode="rating")
    assert (again.status, again.counts["n_votes"]) == ("closed", 3)
    pairwise = judged(rows=1)
    opened(pairwise, token=None)
    review(pairwise, "a", 3)
    candidates = tuple(candidate(name, "http://x.test/v1") for name in "cba")
    turned = stored_plan(rows=1, candidates=candidates)
    for name in "abc":
        take(turned, 0, name)
    opened(turned, token=None)
    counts = race.vote_counts(now(turned))
    assert (counts.won("a", "b"), counts.won("a", "c"), counts.tied("b", "c")) == (1, 1, 1)
