"""The race that votes decide: its rules, and seeded simulations of what it promises."""

from math import log, sqrt

import numpy as np
import pytest

from gero.evaluation import Race
from gero.ranking import RaceState, VoteCounts, fit, next_pair, vote_race, vote_ranges
from gero.ranking.evidence import log_e_uniform
from gero.ranking.vote_race import VoteDuels
from gero.ranking.votes import Verdict

TIES = 0.2


def voted(random: np.random.Generator, difference: float) -> Verdict:
    if random.random() < TIES:
        return "tie"
    return "first" if random.random() < 1 / (1 + np.exp(-difference)) else "second"


def simulated(random: np.random.Generator, theta: list[float], cap: int) -> RaceState:
    """A race whose next pair is always the least compared one; looked at every 20 votes."""
    ids = [str(i) for i in range(len(theta))]
    counts, state = VoteCounts(), RaceState(tuple(ids))
    for number in range(cap // 20):
        cast: list[tuple[str, str, Verdict]] = []
        for extra in range(20):
            pair = next_pair(counts + VoteCounts.of(cast), state.active, f"{number} {extra}")
            assert pair is not None
            cast.append((*pair, voted(random, theta[int(pair[0])] - theta[int(pair[1])])))
        counts += VoteCounts.of(cast)
        state = vote_race(counts, ids, state, last=(number + 1) * 20 >= cap)
        if state.end:
            break
    return state


def test_a_clear_field_is_decided_for_the_best_with_few_votes() -> None:
    random, step, votes = np.random.default_rng(601), log(0.62 / 0.38), []
    for _ in range(20):
        state = simulated(random, [-step * place for place in range(5)], 2000)
        assert (state.end, state.leader) == ("winner", "0")
        votes.append(state.round)
    assert 200 <= sum(votes) / len(votes) <= 500


def test_equal_models_drop_the_designated_best_no_more_often_than_promised() -> None:
    random, repetitions, dropped = np.random.default_rng(602), 100, 0
    for _ in range(repetitions):
        dropped += "0" in simulated(random, [0.0] * 3, 600).dropped
    assert dropped / repetitions <= 0.05 + 3 * sqrt(0.05 * 0.95 / repetitions)


def test_nothing_is_decided_below_fifty_votes_or_five_of_any_model() -> None:
    sure = VoteCounts(wins={"a": {"b": 49}})
    state = vote_race(sure, "ab")
    assert (state.end, state.leader, state.round) == (None, "a", 49)
    assert vote_race(sure + VoteCounts(wins={"a": {"b": 1}}), "ab").end == "winner"
    lopsided = VoteCounts(wins={"a": {"b": 60, "c": 4}})
    assert vote_race(lopsided, "abc").dropped == {}
    assert set(vote_race(lopsided + VoteCounts(wins={"b": {"c": 1}}), "abc").dropped) == {"b"}
    assert vote_race(sure, "ab", last=True).end == "undecided"


def test_a_dropped_model_stays_dropped_and_needs_no_more_votes() -> None:
    counts = VoteCounts(wins={"a": {"b": 20, "c": 30}, "b": {"a": 20, "c": 30}, "c": {"a": 2, "b": 2}})
    first = vote_race(counts, "abc")
    assert (first.active, first.end) == (("a", "b"), None)
    assert first.dropped["c"].rows == 64
    later = counts + VoteCounts(wins={"a": {"b": 200}, "b": {"a": 60}})
    second = vote_race(later, "abc", first)
    assert (second.end, second.leader, second.dropped["c"]) == ("winner", "a", first.dropped["c"])


def test_a_tenth_of_the_bets_is_on_the_pairs_own_votes_where_strengths_saturate() -> None:
    counts = VoteCounts(wins={"a": {"b": 60}})
    duels = VoteDuels(counts, "ab")
    assert duels.log_e("a", "b") == pytest.approx(log_e_uniform(60, 0) - log(10), abs=1e-6)
    assert duels.log_e("b", "a") < 0


def test_a_tie_is_certified_only_when_it_is_asked_for() -> None:
    counts = VoteCounts(wins={"a": {"b": 2500}, "b": {"a": 2500}})
    assert vote_race(counts, "ab").end is None
    state = vote_race(counts, "ab", rules=Race(tie_within=0.05))
    assert (state.end, set(state.tied)) == ("tie", {"a", "b"})


def test_ranges_separate_only_what_the_votes_do() -> None:
    counts = VoteCounts(
        wins={"a": {"b": 60, "c": 190}, "b": {"a": 60, "c": 190}, "c": {"a": 10, "b": 10}}, ties={"a": {"b": 20}}
    )
    assert vote_ranges(counts, "abc") == {"a": (1, 2), "b": (1, 2), "c": (3, 3)}
    assert vote_ranges(counts, "abc", fit(counts, "abc")) == vote_ranges(counts, "abc")
    assert vote_ranges(VoteCounts(wins={"a": {"b": 49}}), "ab") == {"a": (1, 2), "b": (1, 2)}
