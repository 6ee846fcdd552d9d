import random
from collections.abc import Collection, Mapping
from math import inf, log

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gero.evaluation import Race
from gero.ranking import RaceField, RaceState, RankingStatistics, run_race
from gero.ranking.evidence import log_e_value, log_mean_exp, race_stakes
from gero.ranking.race import RowDuels, advance
from tests.gero.ranking.samples import discordant_pair, exact, pair_of, statistics_of

NO_TIES = Race(tie_within=0)


class GivenDuels:
    """Duels whose evidence is written down: (better, worse) -> ln E, `close` for any margin."""

    def __init__(
        self, log_e: Mapping[tuple[str, str], float], order: str = "abc", close: Mapping[tuple[str, str], float] = {}
    ) -> None:
        self._log_e, self._order, self._close = log_e, order, close

    def log_e(self, first: str, second: str, margin: float = 0.0) -> float:
        return (self._close if margin else self._log_e).get((first, second), 0.0)

    def difference(self, first: str, second: str) -> float:
        return 0.02 if "c" in (first, second) else 0.005

    def strength(self, racer: str) -> float:
        return -self._order.index(racer)

    def asked(self, racer: str) -> int:
        return 70


def race(
    duels: GivenDuels,
    known: RaceState | None = None,
    *,
    last: bool = False,
    unable: Collection[str] = (),
    rules: Race = NO_TIES,
    protected: str | None = None,
) -> RaceState:
    field = RaceField(("a", "b", "c"), 1000, rules, protected)
    return advance(field, duels, known, round_number=(known.round if known else 0) + 1, last=last, unable=unable)


def test_the_mean_over_opponents_gives_the_worked_values_of_the_drop_rule() -> None:
    log_e = [[-inf, 3, 4.5], [-1, -inf, 2], [-2, -1.5, -inf]]
    means = [log_mean_exp([log_e[i][j] for i in range(3) if i != j], 2) for j in range(3)]
    assert means == pytest.approx([-1.3798854930, 2.3179005643, 3.8857425538], abs=1e-9)
    duels = GivenDuels(
        {("a", "b"): 3, ("a", "c"): 4.5, ("b", "a"): -1, ("b", "c"): 2, ("c", "a"): -2, ("c", "b"): -1.5}
    )
    state = race(duels)
    assert state.active == ("a", "b")
    assert state.end is None
    assert state.leader == "a"
    dropped = state.dropped["c"]
    assert (dropped.round, dropped.rows, dropped.why) == (1, 70, "it is not the best, by evidence of 49 to 1")
    assert dropped.log_e == pytest.approx(3.8857425538, abs=1e-9)


def test_the_stakes_are_the_tuned_ones_of_the_field_and_its_share_of_alpha() -> None:
    stakes = race_stakes(10, 1000, 0.05)
    assert stakes.bets == pytest.approx([0.9, 0.5833, 0.3781, 0.2450, 0.1588, 0.1029], abs=5e-5)
    level = 2 * log(9 / 0.05)
    assert stakes.variance == pytest.approx((level + log(1 + level)) / 250)
    assert race_stakes(10, 5, 0.05).bets == pytest.approx([0.9] * 6)
    statistics = RankingStatistics(pairs={("0", "1"): discordant_pair(30, 12, 58)})
    half, whole = RaceField(("0", "1"), 1000), RaceField(("0", "1"), 1000, NO_TIES)
    for field, alpha in ((half, 0.025), (whole, 0.05)):
        expected = log_e_value(discordant_pair(30, 12, 58), stakes=race_stakes(2, 1000, alpha))
        assert RowDuels(field, statistics).log_e("0", "1") == expected


def test_a_dropped_racer_stays_dropped_and_its_evidence_counts_on() -> None:
    first = race(GivenDuels({("a", "c"): 9}))
    assert first.active == ("a", "b")
    second = race(GivenDuels({("c", "b"): 9}), first)
    assert second.active == ("a",)
    assert second.end == "winner"
    assert set(second.dropped) == {"b", "c"}
    assert second.dropped["c"] == first.dropped["c"]


def test_no_field_drops_its_leader_even_if_all_are_dropped_at_once() -> None:
    everyone = {(one, other): 9.0 for one in "abc" for other in "abc" if one != other}
    state = race(GivenDuels(everyone, order="bca"))
    assert (state.active, state.end, state.leader) == (("b",), "winner", "b")


def test_rows_that_run_out_leave_the_race_undecided() -> None:
    state = race(GivenDuels({}), last=True)
    assert (state.end, state.leader, state.active, state.tied) == ("undecided", "a", ("a", "b", "c"), ())


def test_the_champion_is_asked_all_rows_and_a_last_challenger_races_on_against_it() -> None:
    first = race(GivenDuels({("a", "b"): 9}, order="acb"), protected="c")
    assert (first.active, first.end) == (("a", "c"), None)
    second = race(GivenDuels({("a", "c"): 9}, order="acb"), first, protected="c")
    assert (second.active, second.end, second.leader) == (("a", "c"), "winner", "a")
    assert second.beaten is not None
    assert "c" not in second.dropped


def test_a_beaten_champion_is_still_asked_while_others_race_on() -> None:
    first = race(GivenDuels({("a", "c"): 9}), protected="c")
    assert (first.active, first.end, first.beaten is not None) == (("a", "b", "c"), None, True)
    second = race(GivenDuels({("a", "b"): 9}), first, protected="c")
    assert (second.active, second.end, second.leader) == (("a", "c"), "winner", "a")


def test_a_champion_that_beats_all_wins() -> None:
    state = race(GivenDuels({("a", "b"): 9, ("a", "c"): 9}), protected="a")
    assert (state.active, state.end, state.leader, state.beaten) == (("a",), "winner", "a", None)


def test_an_endpoint_given_up_leaves_the_race_and_rules_nobody_out() -> None:
    state = race(GivenDuels({("a", "b"): 9, ("a", "c"): 9}), unable=["a"])
    assert (state.active, state.leader, state.end) == (("b", "c"), "b", None)
    assert state.dropped["a"].log_e is None
    assert state.dropped["a"].why == "its endpoint was given up"
    champion = race(GivenDuels({("a", "c"): 9}), protected="c")
    gone = race(GivenDuels({}), champion, unable=["c"], protected="c")
    assert (gone.active, gone.beaten) == (("a", "b"), None)


def test_one_left_because_others_broke_down_has_not_won() -> None:
    assert race(GivenDuels({}), unable=["a", "c"]).end == "undecided"
    assert race(GivenDuels({}), unable=["a", "b", "c"]).leader is None
    assert race(GivenDuels({("b", "c"): 9}), unable=["a"]).end == "winner"


def test_a_tie_needs_evidence_for_the_leader_against_every_survivor_and_its_half_of_alpha() -> None:
    needed = log(2 * 2 / 0.05)
    rules = Race()
    close = {("a", "b"): needed + 0.01, ("a", "c"): needed + 0.01}
    state = race(GivenDuels({}, close=close), rules=rules)
    assert (state.end, state.tied, state.leader) == ("tie", ("a", "b"), "a")
    assert state.active == ("a", "b", "c")
    assert race(GivenDuels({}, close=close | {("a", "c"): needed - 0.01}), rules=rules).end is None
    assert race(GivenDuels({}, close=close), rules=NO_TIES).end is None
    assert race(GivenDuels({("a", "c"): log(2 * 39.9 - 1)}), rules=rules).dropped == {}
    assert set(race(GivenDuels({("a", "c"): log(2 * 40.1 - 1)}), rules=rules).dropped) == {"c"}


def test_a_leader_that_nobody_can_beat_by_the_margin_wins_when_nobody_is_near_it() -> None:
    close = {("a", "c"): 9.0}
    state = race(GivenDuels({}, close=close), unable=["b"], rules=Race())
    assert (state.end, state.leader, state.tied) == ("winner", "a", ())


def test_a_winner_that_production_could_not_take_yet_is_asked_more_rows() -> None:
    rows = exact(*[1] * 20, *[0] * 3, *[1] * 77), exact(*[0] * 20, *[1] * 3, *[1] * 77)
    statistics = statistics_of({"x": rows[0], "y": rows[1]})
    plain = RaceField(("x", "y"), 1000, protected="y")
    assert run_race(plain, statistics, None, round_number=1).end == "winner"
    strict = msgspec.structs.replace(plain, promotion_log_e=log(100_000))
    assert run_race(strict, statistics, None, round_number=1).end is None
    assert run_race(strict, statistics, None, round_number=1, last=True).end == "winner"
    tied = statistics_of({"x": exact(*[1] * 9000, 1), "y": exact(*[1] * 9000, 0)})
    assert run_race(strict, tied, None, round_number=1).end == "tie"
    assert run_race(msgspec.structs.replace(strict, protected="x"), statistics, None, round_number=1).end == "winner"


def test_graded_scores_use_the_mixture_though_all_were_right_or_wrong_so_far() -> None:
    field = RaceField(("0", "1"), 1000, NO_TIES, graded=True)
    statistics = RankingStatistics(pairs={("0", "1"): discordant_pair(30, 0, 70)})
    as_exact = RowDuels(msgspec.structs.replace(field, graded=False), statistics).log_e("0", "1")
    assert RowDuels(field, statistics).log_e("0", "1") != as_exact
    few = RankingStatistics(pairs={("0", "1"): pair_of([900_000] * 49, [100_000] * 49)})
    assert RowDuels(field, few).log_e("0", "1") == 0


@given(st.integers(0, 10**6))
def test_a_race_is_a_function_of_the_sums_and_survives_being_stored(seed: int) -> None:
    draw = random.Random(seed)
    rows = {
        key: exact(*[int(draw.random() < quality) for _ in range(120)])
        for key, quality in {"a": 0.9, "b": 0.5, "c": 0.2}.items()
    }
    field = RaceField(("a", "b", "c"), 500, protected="b")
    statistics = statistics_of(rows)
    state = run_race(field, statistics, None, round_number=1)
    assert run_race(field, RankingStatistics.from_json(statistics.to_json()), None, round_number=1) == state
    assert msgspec.json.decode(msgspec.json.encode(state), type=RaceState) == state
    assert {*state.active, *state.dropped} == {"a", "b", "c"}
    assert "b" in state.active
