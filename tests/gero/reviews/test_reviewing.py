from collections import Counter
from collections.abc import Callable

import pytest

from gero import reviews
from gero.kit import Conflict, Invalid, NotFound
from gero.reviews import Opinion
from tests.gero.reviews.answered import Person, answered, models_of, now, opened


def test_a_reviewer_gets_one_item_until_they_have_said_their_verdict(cloud: None) -> None:
    plan = answered(rows=4)
    opened(plan)
    ann = Person(plan)
    first = ann.item()
    assert ann.item() == first
    assert (first.input, first.expected) == ("input 0", ("0",))
    ann.say(first.item_id, "tie")
    assert ann.item().item_id != first.item_id


def test_sides_are_random_and_alike_each_time_an_item_is_shown(cloud: None) -> None:
    plan = answered(rows=24, names=("a", "b"), rows_per_block=24)
    opened(plan)
    ann, left = Person(plan), Counter[str]()
    for _ in range(24):
        shown = ann.item()
        left[shown.a[0]] += 1
        ann.say(shown.item_id, "skip")
    assert 2 < left["a"] < 22
    assert ann.next() is None


def test_nothing_of_an_item_tells_whose_answers_it_shows(cloud: None) -> None:
    plan = answered(rows=3, names=("gpt-x", "claude-y"), answer=lambda model, row_id: f"answer {len(model)}")
    opened(plan)
    shown = Person(plan).item()
    assert "gpt" not in repr(shown)
    assert "claude" not in repr(shown)


def test_a_row_that_was_left_behind_comes_up_when_the_others_are_done(cloud: None) -> None:
    plan = answered(rows=30, names=("a", "b"), rows_per_block=30)
    opened(plan, token=None)
    ann, bob = Person(plan, "ann"), Person(plan, "bob")
    left = ann.item()
    ann.say(left.item_id, "skip")
    seen = []
    for _ in range(30):
        shown = bob.item()
        seen.append(shown.item_id)
        bob.prefer("a", shown)
    assert left.item_id in seen
    assert now(plan).end == "reviewed"


def test_two_reviewers_never_hold_the_same_item(cloud: None) -> None:
    plan = answered(rows=4)
    opened(plan)
    people = [Person(plan, f"p{number}") for number in range(12)]
    held = [one.item().item_id for one in people]
    assert len(set(held)) == 12, "4 rows of 3 pairs"
    assert Person(plan, "late").next() is None


def test_an_item_is_given_to_as_many_reviewers_as_it_needs_and_to_none_of_them_twice(cloud: None) -> None:
    plan = answered(rows=1, names=("a", "b"))
    opened(plan, reviewers_per_item=2)
    ann, bob, cid = (Person(plan, name) for name in ("ann", "bob", "cid"))
    shown = ann.item()
    assert bob.item().item_id == shown.item_id
    assert cid.next() is None
    ann.prefer("a", shown)
    assert ann.next() is None
    assert now(plan).counts == {"n_votes": 1}
    bob.prefer("a", bob.item())
    assert now(plan).counts == {"n_votes": 2, "n_0_1_first": 1}
    assert now(plan).end == "reviewed"


def test_a_reservation_runs_out_and_the_item_is_somebody_elses(cloud: None, later: Callable[[float], None]) -> None:
    plan = answered(rows=1, names=("a", "b"))
    opened(plan)
    ann, bob = Person(plan, "ann"), Person(plan, "bob")
    shown = ann.item()
    assert bob.next() is None
    later(9)
    assert bob.next() is None
    later(11)
    assert bob.item().item_id == shown.item_id
    with pytest.raises(Conflict, match="not yours"):
        ann.prefer("a", shown)


def test_a_late_verdict_counts_as_long_as_nobody_else_has_the_item(cloud: None, later: Callable[[float], None]) -> None:
    plan = answered(rows=2, names=("a", "b"))
    opened(plan)
    ann = Person(plan)
    shown = ann.item()
    later(60)
    ann.prefer("a", shown)
    assert now(plan).counts["n_0_1_first"] == 1


def test_the_same_verdict_again_changes_nothing_and_another_one_replaces_it(cloud: None) -> None:
    plan = answered(rows=2, names=("a", "b"))
    opened(plan)
    ann = Person(plan)
    shown = ann.item()
    for _ in range(3):
        ann.prefer("a", shown)
    assert now(plan).counts == {"n_votes": 1, "n_0_1_first": 1}
    ann.prefer("b", shown)
    assert now(plan).counts == {"n_votes": 1, "n_0_1_first": 0, "n_0_1_second": 1}
    ann.prefer("nobody", shown)
    assert {name: n for name, n in now(plan).counts.items() if n} == {"n_votes": 1, "n_0_1_tie": 1}


def test_a_verdict_is_not_changed_after_its_reservation(cloud: None, later: Callable[[float], None]) -> None:
    plan = answered(rows=2, names=("a", "b"))
    opened(plan)
    ann = Person(plan)
    shown = ann.item()
    ann.prefer("a", shown)
    later(11)
    with pytest.raises(Conflict, match="undo that first"):
        ann.prefer("b", shown)
    ann.prefer("a", shown)
    assert now(plan).counts == {"n_votes": 1, "n_0_1_first": 1}


def test_undoing_gives_the_item_back_with_the_counts_as_they_were(cloud: None) -> None:
    plan = answered(rows=2, names=("a", "b"))
    opened(plan)
    ann = Person(plan)
    shown = ann.item()
    ann.prefer("a", shown)
    again = ann.back(shown.item_id)
    assert (again.item_id, again.a, again.b) == (shown.item_id, shown.a, shown.b)
    assert not any(now(plan).counts.values())
    assert ann.item().item_id == shown.item_id
    assert ann.back(shown.item_id).item_id == shown.item_id, "harmless when repeated"
    with pytest.raises(Conflict, match="nothing to undo"):
        Person(plan, "bob").back(shown.item_id)


def test_a_skipped_item_is_for_others_and_can_be_taken_back_while_nobody_has_it(cloud: None) -> None:
    plan = answered(rows=1, names=("a", "b"))
    opened(plan)
    ann, bob = Person(plan, "ann"), Person(plan, "bob")
    shown = ann.item()
    ann.say(shown.item_id, "skip")
    ann.say(shown.item_id, "skip")
    assert now(plan).counts == {"n_skips": 1}
    assert ann.next() is None
    assert ann.back(shown.item_id).item_id == shown.item_id
    ann.say(shown.item_id, "skip")
    bob.item()
    with pytest.raises(Conflict, match="somebody else"):
        ann.back(shown.item_id)


def test_failed_and_equal_answers_need_nobody(cloud: None, woken: list[str]) -> None:
    def answer(model: str, row_id: str) -> str | None:
        if row_id == "r0":
            return None if model == "a" else "b on r0"
        if row_id == "r1":
            return None if model == "b" else "a on r1"
        return "the same" if row_id == "r2" else f"{model} on {row_id}"

    plan = answered(rows=4, names=("a", "b"), answer=answer)
    opened(plan)
    assert Person(plan).item().input == "input 3"
    assert now(plan).counts == {"n_automatic": 3, "n_0_1_first": 1, "n_0_1_second": 1, "n_0_1_tie": 1}
    Person(plan).prefer("a", Person(plan).item())
    assert woken == ["token"]


def test_a_run_in_which_nothing_needs_a_person_goes_on_at_the_first_look(cloud: None, woken: list[str]) -> None:
    plan = answered(rows=3, names=("a", "b"), answer=lambda model, row_id: "alike")
    opened(plan)
    found = reviews.next_item(now(plan), "ann")
    assert found.shown is None
    assert "everything was reviewed" in str(found.why)
    assert woken == ["token"]


@pytest.mark.parametrize(
    ("mode", "opinion", "field"),
    [
        ("pairwise", Opinion(rating=0.5), "verdict"),
        ("pairwise", Opinion(), "verdict"),
        ("pairwise", Opinion("a", 1.0), "verdict"),
        ("rating", Opinion("a"), "rating"),
        ("rating", Opinion(), "rating"),
    ],
)
def test_a_verdict_that_does_not_fit_is_refused_by_its_field(
    cloud: None, mode: str, opinion: Opinion, field: str
) -> None:
    plan = answered(rows=2)
    queue = opened(plan, mode=mode)
    shown = Person(plan).item()
    with pytest.raises(Invalid) as refused:
        reviews.give(queue, shown.item_id, "ann", opinion)
    assert refused.value.details["field"] == field


def test_an_item_that_was_never_given_to_a_reviewer_is_not_theirs(cloud: None) -> None:
    plan = answered(rows=2)
    opened(plan)
    shown = Person(plan, "ann").item()
    with pytest.raises(Conflict, match="not yours"):
        Person(plan, "bob").say(shown.item_id, "a")
    with pytest.raises(NotFound, match="no such item"):
        Person(plan, "bob").say("0" * 16, "a")
    with pytest.raises(NotFound, match="no such item"):
        Person(plan, "bob").say("nonsense", "a")


def test_answers_are_rated_one_by_one_row_by_row(cloud: None) -> None:
    plan = answered(rows=2, names=("a", "b"))
    opened(plan, mode="rating")
    ann = Person(plan)
    shown = ann.item()
    assert shown.b is None
    ann.say(shown.item_id, rating=0.75, comment="short")
    second = ann.item()
    assert (second.input, models_of(second)) == (shown.input, {"a", "b"} - models_of(shown))
    ann.say(second.item_id, "skip")
    assert ann.item().input == "input 1"


def test_a_closed_review_takes_and_shows_nothing(cloud: None, woken: list[str]) -> None:
    plan = answered(rows=2)
    queue = opened(plan)
    ann = Person(plan)
    shown = ann.item()
    reviews.close(queue, "closed")
    reviews.close(queue, "closed")
    assert woken == ["token"]
    found = reviews.next_item(now(plan), "ann")
    assert (found.shown, found.why) == (None, "this review is closed by a person")
    with pytest.raises(Conflict, match="closed"):
        ann.say(shown.item_id, "a")
    with pytest.raises(Conflict, match="closed"):
        reviews.give(queue, shown.item_id, "ann", Opinion("a"))
    assert now(plan).counts == {}
