import pytest
from hypothesis import given

from gero.ranking import Ranking, RankingStatistics, build_ranking
from gero.ranking.intervals import wilson
from tests.gero.ranking.samples import Block, batch_of, blocks, exact, statistics_of


def ids_of(ranking: Ranking) -> list[str]:
    return [entry.candidate_id for entry in ranking.entries]


def test_an_entry_shows_score_cost_latency_errors_and_unscored_rows() -> None:
    rows = exact(*[1] * 60, *[0] * 30, *[None] * 10)
    statistics = statistics_of(
        {"a": rows},
        n_errors=5,
        cost_nanos=2_000_050,
        tokens_in=700,
        tokens_out=300,
        latency={231: 50, 300: 50},
    )
    entry = build_ranking(statistics, {"a": "Model A"}).entries[0]
    assert (entry.candidate_id, entry.name, entry.label) == ("a", "Model A", "1")
    assert entry.score == pytest.approx(2 / 3)
    assert (entry.score_low, entry.score_high) == wilson(60 / 90, 90)
    assert (entry.n_rows, entry.n_scored, entry.n_errors) == (100, 90, 5)
    assert entry.error_rate == 0.05
    assert (entry.cost_nanos, entry.cost_nanos_per_1000_rows) == (2_000_050, 20_000_500)
    assert (entry.tokens_in, entry.tokens_out) == (700, 300)
    assert entry.latency_p50_ms is not None
    assert entry.latency_p95_ms is not None
    assert entry.latency_p50_ms < entry.latency_p95_ms


@pytest.mark.parametrize(("calls", "shown"), [(999, False), (1000, True)])
def test_the_99th_percentile_is_shown_from_a_thousand_calls_on(calls: int, shown: bool) -> None:
    entry = build_ranking(statistics_of({"a": exact(1)}, latency={100: calls})).entries[0]
    assert (entry.latency_p99_ms is not None) == shown


def test_equal_means_are_ordered_by_cost_then_latency_then_id() -> None:
    statistics = RankingStatistics()
    batches = [
        batch_of("dear", exact(1, 0), cost_nanos=9),
        batch_of("slow", exact(0, 1), cost_nanos=1, latency={300: 2}),
        batch_of("b", exact(0, 1), cost_nanos=1, latency={200: 2}),
        batch_of("a", exact(1, 0), cost_nanos=1, latency={200: 2}),
        batch_of("best", exact(1, 1), cost_nanos=99),
    ]
    statistics.add_block(batches)
    assert ids_of(build_ranking(statistics)) == ["best", "a", "b", "slow", "dear"]


def test_a_high_mean_of_a_few_rows_does_not_lead_and_no_rows_come_last() -> None:
    few, rest = exact(*[1] * 40, *[None] * 60), exact(*[1, 0] * 50)
    ranking = build_ranking(statistics_of({"few": few, "full": rest}), {"none": "None", "few": "Few", "full": "Full"})
    assert ids_of(ranking) == ["full", "few", "none"]
    assert ranking.entries[2].score is None
    assert ranking.entries[2].label == "1-3"


def test_a_range_holds_the_position_when_missing_rows_make_means_and_common_rows_disagree() -> None:
    whole = exact(*[1] * 10, *[0] * 100, *[1] * 90)
    part = exact(*[1] * 40, *[0] * 70, *[None] * 90)
    ranking = build_ranking(statistics_of({"whole": whole, "part": part}))
    assert ids_of(ranking) == ["whole", "part"]
    assert [entry.label for entry in ranking.entries] == ["1-2", "1-2"]
    assert ranking.gaps[0].difference == pytest.approx(-30 / 110)
    assert (ranking.gaps[0].separable, ranking.gaps[0].rows_needed) == (False, None)


def test_only_named_candidates_are_ranked() -> None:
    statistics = statistics_of({"kept": exact(1), "deleted": exact(1)})
    assert ids_of(build_ranking(statistics, {"kept": "Kept"})) == ["kept"]


@given(blocks())
def test_the_order_does_not_depend_on_the_order_of_merging_and_ranges_hold_the_rank(made: list[Block]) -> None:
    forwards, backwards = RankingStatistics(), RankingStatistics()
    for block, reverse in zip(made, reversed(made), strict=True):
        forwards.add_block(block)
        backwards.add_block(reversed(reverse))
    ranking = build_ranking(forwards)
    assert ranking == build_ranking(backwards, {key: key for key in reversed(ids_of(ranking))})
    for position, entry in enumerate(ranking.entries, start=1):
        assert entry.rank_low <= entry.rank == position <= entry.rank_high


def test_the_summary_says_who_leads_and_who_could_be_as_good() -> None:
    good, middle, bad = exact(*[1] * 80, *[0] * 20), exact(*[1] * 76, *[0] * 24), exact(*[1] * 20, *[0] * 80)
    names = {"a": "gpt-x", "b": "gpt-y", "c": "gpt-z"}
    clear = build_ranking(statistics_of({"a": good, "c": bad}), {"a": "gpt-x", "c": "gpt-z"})
    assert clear.summary() == "gpt-x leads (0.800, 95 % 0.711-0.867), separable from all others"
    close = build_ranking(statistics_of({"a": good, "b": middle, "c": bad}), names)
    assert close.summary() == (
        "gpt-x leads (0.800, 95 % 0.711-0.867), not yet separable from gpt-y;"
        " about 160 more rows would separate gpt-x and gpt-y"
    )
    assert [entry.label for entry in close.entries] == ["1-2", "1-2", "3"]
    crowd = build_ranking(statistics_of(dict.fromkeys("abcd", good)))
    assert crowd.summary().endswith("not yet separable from b and 2 more")
    assert build_ranking(statistics_of({"a": good})).summary().endswith("the only candidate")


def test_nothing_scored_is_said_and_has_no_leader() -> None:
    for ranking in (build_ranking(RankingStatistics()), build_ranking(statistics_of({"a": exact(None)}))):
        assert ranking.leader is None
        assert ranking.summary() == "no row was scored"


def test_each_gap_says_whether_it_is_certain_or_how_many_rows_it_still_needs() -> None:
    good, middle, bad = exact(*[1] * 80, *[0] * 20), exact(*[1] * 76, *[0] * 24), exact(*[1] * 20, *[0] * 80)
    near, far = build_ranking(statistics_of({"a": good, "b": middle, "c": bad})).gaps
    assert (near.upper_id, near.lower_id, near.separable, near.n_common) == ("a", "b", False, 100)
    assert near.difference == pytest.approx(0.04)
    assert near.rows_needed == 160  # 2 * .04 * (ln(2 / .05) + 1.5) / .04^2 = 259.4 in all
    assert (far.separable, far.rows_needed) == (True, None)


def test_costs_and_errors_are_counted_over_the_rows_that_were_asked() -> None:
    half = batch_of("a", exact(1, 0, None, None), n_not_asked=2, n_errors=1, cost_nanos=2_000)
    statistics = RankingStatistics()
    statistics.add_block([half])
    (entry,) = build_ranking(statistics).entries
    assert (entry.cost_nanos_per_1000_rows, entry.error_rate, entry.n_not_asked) == (1_000_000, 0.5, 2)
    assert not entry.complete


def test_an_endpoint_that_was_given_up_does_not_lead() -> None:
    statistics = RankingStatistics()
    statistics.add_block([batch_of("a", exact(1, 1, None), n_not_asked=1), batch_of("b", exact(1, 0, 1))])
    ranking = build_ranking(statistics)
    assert [entry.candidate_id for entry in ranking.entries] == ["b", "a"]
    assert ranking.entries[1].label == "2"
    assert ranking.summary().startswith("b leads")


def test_an_endpoint_that_was_given_up_widens_nobodys_range() -> None:
    statistics = RankingStatistics()
    rows = [1] * 90 + [0] * 10
    statistics.add_block(
        [
            batch_of("a", exact(*rows)),
            batch_of("b", exact(*[0] * 100)),
            batch_of("dead", exact(*[0] * 3, *[None] * 97), n_not_asked=97, n_errors=3),
        ]
    )
    assert [(entry.candidate_id, entry.label) for entry in build_ranking(statistics).entries] == [
        ("a", "1"),
        ("b", "2"),
        ("dead", "3"),
    ]
