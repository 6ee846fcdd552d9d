"""Rankings after a race, and rankings that are about exactly the rows of the dataset."""

from itertools import pairwise
from math import sqrt

import numpy as np
import pytest
from scipy import stats

from gero.evaluation import SCORE_SCALE
from gero.ranking import RankingStatistics, build_ranking, compare
from gero.ranking.intervals import anytime_interval, score_interval
from tests.gero.ranking.races import answers, field_of, growing_rounds, states
from tests.gero.ranking.samples import batch_of, discordant_pair, exact, pair_of, statistics_of, statistics_of_sums

UPPER, LOWER = exact(*[1] * 56, *[0] * 44), exact(*[1] * 34, *[0] * 56, *[1] * 10)


def raced(rows: dict[str, list[list[int | None]]]) -> RankingStatistics:
    statistics = RankingStatistics()
    for block in range(max(map(len, rows.values()))):
        statistics.add_block(
            [batch_of(key, parts[block], block=block) for key, parts in rows.items() if block < len(parts)]
        )
    return statistics


def test_after_a_race_scores_have_intervals_that_hold_at_any_time() -> None:
    (entry,) = build_ranking(statistics_of({"a": UPPER}), race_rows=400).entries
    sums = (100, 56 * SCORE_SCALE, 56 * SCORE_SCALE**2)
    assert (entry.score_low, entry.score_high) == anytime_interval(*sums, 400)
    assert anytime_interval(*sums, 400).low < score_interval(*sums).low


def test_after_a_race_pairs_are_separated_by_anytime_evidence_only() -> None:
    statistics = statistics_of({"a": UPPER, "b": LOWER})
    assert [entry.label for entry in build_ranking(statistics).entries] == ["1", "2"]
    assert [entry.label for entry in build_ranking(statistics, race_rows=400).entries] == ["1-2", "1-2"]
    sure = statistics_of({"a": exact(*[1] * 90, *[0] * 10), "b": exact(*[1] * 50, *[0] * 50)})
    assert [entry.label for entry in build_ranking(sure, race_rows=400).entries] == ["1", "2"]


def test_ranges_of_stopped_races_hold_the_truth_of_equal_models_where_fixed_ones_do_not() -> None:
    random, repetitions, missed, naive = np.random.default_rng(77), 200, 0, 0
    for _ in range(repetitions):
        scores = answers(random, 1000, [0.7] * 4)
        seen = [scores[:n] for n in range(100, 1001, 100)]
        looks = [statistics_of_sums(len(rows), rows.sum(axis=0), rows.T @ rows) for rows in seen]
        missed += any(_separates(look, race_rows=1000) for look in looks)
        naive += any(_separates(look, race_rows=None) for look in looks)
    limit = 0.05 + 3 * sqrt(0.05 * 0.95 / repetitions)
    assert missed / repetitions <= limit < naive / repetitions


def _separates(statistics: RankingStatistics, race_rows: int | None) -> bool:
    return any(entry.label != "1-4" for entry in build_ranking(statistics, race_rows=race_rows).entries)


def test_whom_a_race_dropped_never_ranks_above_the_best_of_those_it_did_not() -> None:
    lucky, hard = exact(*[1] * 40), exact(*[1, 0] * 20)
    statistics = raced({"early": [lucky], "winner": [lucky, hard], "champion": [exact(*[1, 0] * 20), exact(*[0] * 40)]})
    ranking = build_ranking(statistics, race_rows=80)
    assert [entry.candidate_id for entry in ranking.entries] == ["winner", "early", "champion"]
    assert [entry.score for entry in ranking.entries] == [0.75, 1.0, 0.25]
    for entry in ranking.entries:
        assert entry.rank_low <= entry.rank <= entry.rank_high


def test_the_ranking_of_a_simulated_race_puts_its_leader_first_and_the_rest_by_their_means() -> None:
    random = np.random.default_rng(78)
    scores = answers(random, 1000, [0.9, 0.8, 0.7, 0.6, 0.5])
    *_, outcome = states(field_of(5, 1000), scores, growing_rounds(1000))
    ranking = build_ranking(outcome.statistics, race_rows=1000)
    assert outcome.state.dropped
    assert ranking.entries[0].candidate_id == outcome.state.leader == "0"
    means = [entry.score or 0.0 for entry in ranking.entries[1:]]
    assert all(upper >= lower for upper, lower in pairwise(means))


def test_for_exactly_these_rows_all_scored_nothing_is_in_doubt() -> None:
    statistics = statistics_of({"a": exact(1, 1, 0, 1), "b": exact(1, 0, 1, 0), "c": exact(0, 1, 0, 1)})
    ranking = build_ranking(statistics, target="dataset", total_rows=4)
    assert [entry.label for entry in ranking.entries] == ["1", "2-3", "2-3"]
    assert all(entry.score_low == entry.score == entry.score_high for entry in ranking.entries)
    assert [(gap.separable, gap.rows_needed) for gap in ranking.gaps] == [(True, None), (False, None)]
    assert [entry.label for entry in build_ranking(statistics).entries] == ["1-3", "1-3", "1-3"]
    assert [
        entry.label for entry in build_ranking(statistics, race_rows=4, target="dataset", total_rows=4).entries
    ] == [
        "1",
        "2-3",
        "2-3",
    ]


def test_for_exactly_these_rows_a_part_of_them_leaves_less_doubt_than_for_all_traffic() -> None:
    statistics = statistics_of({"a": UPPER, "b": LOWER})
    dataset, traffic = build_ranking(statistics, target="dataset", total_rows=125), build_ranking(statistics)
    for one, other in zip(dataset.entries, traffic.entries, strict=True):
        assert one.score is not None
        assert one.score_low == pytest.approx(one.score - (one.score - (other.score_low or 0)) * sqrt(0.2))
    near = statistics_of({"a": UPPER, "b": exact(*[1] * 55, *[0] * 45)})
    assert (build_ranking(near).gaps[0].rows_needed or 0) > 25
    assert build_ranking(near, target="dataset", total_rows=125).gaps[0].rows_needed == 25


def test_a_ranking_for_exactly_these_rows_needs_their_number() -> None:
    with pytest.raises(ValueError, match="how many there are"):
        build_ranking(statistics_of({"a": exact(1)}), target="dataset")


def test_the_finite_population_correction_is_on_the_standard_error() -> None:
    pair = discordant_pair(60, 30, 110)
    whole, part = compare(pair), compare(pair, population=250)
    assert part.standard_error == pytest.approx(whole.standard_error * sqrt(1 - 200 / 250))
    assert part.p_value == pytest.approx(2 * stats.t.sf(part.z, 199), rel=1e-9)
    done = compare(pair, population=200)
    assert (done.standard_error, done.p_value) == (0, 0)
    assert compare(pair_of(exact(1, 0), exact(0, 1)), population=2).p_value == 1
