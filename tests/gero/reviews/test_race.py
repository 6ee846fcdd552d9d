import random
from collections import Counter

from gero import reviews
from gero.reviews import queue as queues
from gero.reviews import race
from tests.gero.reviews.answered import Person, answered, models_of, now, opened


def review(person: Person, strength: dict[str, float], seed: int = 1) -> Counter[str]:
    """Vote by strength until nothing is left; how often each model was looked at."""
    lots, looked = random.Random(seed), Counter[str]()
    while shown := person.next():
        first, second = sorted(models_of(shown))
        looked.update((first, second))
        chance = strength[first] / (strength[first] + strength[second])
        person.prefer(first if lots.random() < chance else second, shown)
    return looked


def test_the_least_compared_pair_is_next(cloud: None) -> None:
    plan = answered(rows=4)
    opened(plan)
    ann, seen = Person(plan), []
    for _ in range(3):
        shown = ann.item()
        seen.append(frozenset(models_of(shown)))
        ann.prefer("nobody", shown)
    assert len(set(seen)) == 3


def test_a_clear_winner_ends_the_review_and_lets_the_run_go_on(cloud: None, woken: list[str]) -> None:
    plan = answered(rows=100, names=("a", "b", "c", "d"), rows_per_block=100)
    opened(plan, rows=100)
    looked = review(Person(plan), {"a": 9.0, "b": 1.5, "c": 0.5, "d": 0.4})
    queue = now(plan)
    assert (queue.status, queue.end) == ("closed", "winner")
    assert queue.race
    assert queue.race.leader == "a"
    assert queue.counts["n_votes"] < 200, "of 600"
    assert min(looked.values()) < looked["a"], "whoever cannot win is looked at no more"
    assert woken == ["token"]
    assert queue.task_token is None


def test_equal_models_are_reviewed_to_the_end(cloud: None, woken: list[str]) -> None:
    plan = answered(rows=52, names=("a", "b"), rows_per_block=52)
    opened(plan)
    review(Person(plan), {"a": 1.0, "b": 1.0})
    assert (now(plan).end, now(plan).counts["n_votes"]) == ("reviewed", 52)
    assert woken == ["token"]


def test_labels_of_a_judge_are_not_raced_for_they_are_a_sample(cloud: None, woken: list[str]) -> None:
    plan = answered(rows=55, names=("a", "b"), rows_per_block=55)
    opened(plan, token=None)
    review(Person(plan), {"a": 1000.0, "b": 1e-9})
    assert (now(plan).end, now(plan).counts["n_votes"]) == ("reviewed", 55)
    assert woken == []


def test_a_review_that_was_closed_before_its_run_was_told_tells_it_later(cloud: None, woken: list[str]) -> None:
    plan = answered(rows=2, names=("a", "b"))
    queue = opened(plan)
    queues.shut(queue, "closed")
    assert woken == []
    assert reviews.next_item(now(plan), "ann").shown is None
    assert woken == ["token"]
    race.settle(now(plan))
    assert woken == ["token"]


def test_opening_again_waits_under_the_new_token_and_keeps_the_votes(cloud: None, woken: list[str]) -> None:
    plan = answered(rows=2, names=("a", "b"))
    first = opened(plan)
    Person(plan).prefer("a", Person(plan).item())
    again = opened(plan, token="newer")
    assert (again.secret, again.counts) == (first.secret, {"n_votes": 1, "n_0_1_first": 1})
    reviews.close(again, "closed")
    assert woken == ["newer"]
    opened(plan, token="newest")
    assert woken == ["newer", "newest"], "a closed review lets the run go on at once"


def test_nothing_to_compare_ends_the_review_at_once(cloud: None, woken: list[str]) -> None:
    plan = answered(rows=2, names=("a", "b"), answer=lambda model, row: "x", lost={"r0", "r1"})
    assert reviews.open_pool(plan, task_token="token") == 0
    assert (now(plan).status, woken) == ("closed", ["token"])
