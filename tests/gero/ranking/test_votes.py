import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gero.ranking import VoteCounts, next_pair
from gero.ranking.votes import Verdict

pairs = st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")).filter(lambda pair: pair[0] != pair[1])
verdicts: st.SearchStrategy[Verdict] = st.sampled_from(["first", "second", "tie"])
votes = st.lists(st.tuples(pairs, verdicts).map(lambda vote: (*vote[0], vote[1])), max_size=40)


def test_votes_are_counted_per_pair_whichever_side_an_answer_was_on() -> None:
    counts = VoteCounts.of([("a", "b", "first"), ("b", "a", "second"), ("b", "a", "tie"), ("b", "a", "first")])
    assert (counts.won("a", "b"), counts.won("b", "a"), counts.tied("a", "b"), counts.tied("b", "a")) == (2, 1, 1, 1)
    assert (counts.compared("b", "a"), counts.compared("a", "c"), counts.total) == (4, 0, 4)
    assert (counts.votes_of("a"), counts.votes_of("c"), counts.candidates) == (4, 0, ("a", "b"))


def test_a_candidate_is_not_compared_with_itself() -> None:
    with pytest.raises(ValueError, match="cannot be compared with itself"):
        VoteCounts.of([("a", "a", "tie")])


@given(votes, st.integers(0, 40), st.randoms(use_true_random=False))
def test_merging_in_any_order_and_any_grouping_gives_the_same_bytes(
    cast: list[tuple[str, str, Verdict]], cut: int, order: random.Random
) -> None:
    whole = VoteCounts.of(cast)
    shuffled = order.sample(cast, len(cast))
    merged = VoteCounts.of(shuffled[cut:]) + VoteCounts.of(shuffled[:cut])
    assert merged == whole
    assert merged.to_json() == whole.to_json()
    assert VoteCounts.from_json(whole.to_json()) == whole
    assert whole.total == len(cast) == sum(whole.votes_of(one) for one in "abcd") / 2


def test_merging_leaves_both_parts_as_they_were() -> None:
    one, other = VoteCounts.of([("a", "b", "first")]), VoteCounts.of([("a", "b", "first")])
    assert (one + other).won("a", "b") == 2
    assert one.won("a", "b") == other.won("a", "b") == 1


def test_the_next_pair_is_the_least_compared_one_among_survivors() -> None:
    counts = VoteCounts.of([("a", "b", "first"), ("a", "c", "tie"), ("c", "d", "second")])
    assert next_pair(counts, "abc", "x") == ("b", "c")
    assert next_pair(counts, ["c", "a"], "x") == ("a", "c")
    assert next_pair(counts, "a", "x") is None
    assert next_pair(counts, "abc", "x", available=[("a", "b")]) == ("a", "b")
    assert next_pair(counts, "abc", "x", available=[]) is None


def test_the_seed_decides_between_pairs_compared_equally_often() -> None:
    drawn = {next_pair(VoteCounts(), "abcd", f"reviewer {number}") for number in range(60)}
    assert len(drawn) == 6
    assert next_pair(VoteCounts(), "abcd", "x") == next_pair(VoteCounts(), "dcba", "x")


def test_votes_on_the_next_pair_are_spread_evenly() -> None:
    counts = VoteCounts()
    for number in range(60):
        pair = next_pair(counts, "abcd", str(number))
        assert pair is not None
        counts += VoteCounts.of([(*pair, "first")])
    assert {counts.compared(one, other) for one in "abcd" for other in "abcd" if one < other} == {10}
