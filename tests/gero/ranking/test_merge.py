import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gero.evaluation import SCORE_SCALE
from gero.ranking import PairSums, RankingStatistics
from gero.ranking.blocks import BlockRanges, contains, disjoint_union
from tests.gero.ranking.samples import Block, batch_of, blocks, exact, statistics_of


def merged(made: list[Block]) -> RankingStatistics:
    statistics = RankingStatistics()
    for block in made:
        statistics.add_block(block)
    return statistics


@given(blocks(), st.randoms(use_true_random=False))
def test_any_order_and_any_grouping_give_the_same_bytes(made: list[Block], order: random.Random) -> None:
    expected = merged(made).to_json()
    shuffled = [order.sample(block, len(block)) for block in order.sample(made, len(made))]
    groups: list[list[Block]] = [[] for _ in range(3)]
    for block in shuffled:
        order.choice(groups).append(block)
    parts = [merged(group) for group in groups]
    while len(parts) > 1:
        left, right = parts.pop(order.randrange(len(parts))), parts.pop(order.randrange(len(parts)))
        parts.append(left.merge(right))
    assert parts[0].to_json() == expected


@given(blocks())
def test_the_sums_equal_those_computed_row_by_row(made: list[Block]) -> None:
    statistics = merged(made)
    rows: dict[str, dict[tuple[int, int], int]] = {}
    for batch in (batch for block in made for batch in block):
        for row, score in enumerate(batch.row_scores()):
            if score is not None:
                rows.setdefault(batch.candidate_id, {})[batch.block, row] = score
    for first in rows:
        own = list(rows[first].values())
        sums = statistics.candidates[first]
        assert (sums.n_scored, sums.score_sum, sums.score_squares) == (len(own), sum(own), sum(x * x for x in own))
        for second in rows.keys() - {first}:
            common = [(rows[first][key], rows[second][key]) for key in rows[first].keys() & rows[second].keys()]
            assert statistics.pair(first, second) == PairSums(
                len(common),
                sum(x for x, _ in common),
                sum(y for _, y in common),
                sum(x * x for x, _ in common),
                sum(y * y for _, y in common),
                sum(x * y for x, y in common),
            )


@given(blocks())
def test_json_restores_the_statistics(made: list[Block]) -> None:
    statistics = merged(made)
    restored = RankingStatistics.from_json(statistics.to_json())
    assert restored == statistics
    assert restored.to_json() == statistics.to_json()


@given(blocks())
def test_a_block_delivered_again_changes_nothing(made: list[Block]) -> None:
    statistics = merged(made)
    before = statistics.to_json()
    assert [statistics.add_block(block) for block in made] == [False] * len(made)
    assert statistics.to_json() == before


def test_a_restored_statistics_still_knows_its_blocks() -> None:
    block = [batch_of("a", exact(1, 0))]
    restored = RankingStatistics.from_json(merged([block]).to_json())
    assert not restored.add_block(block)
    assert restored.add_block([batch_of("a", exact(1, 0), round=2)])


def test_merging_statistics_that_share_a_block_is_refused() -> None:
    statistics = statistics_of({"a": exact(1)})
    with pytest.raises(ValueError, match="merged before"):
        statistics.merge(statistics)


@pytest.mark.parametrize(
    "block",
    [
        [],
        [batch_of("a", exact(1)), batch_of("a", exact(0))],
        [batch_of("a", exact(1)), batch_of("b", exact(0), block=1)],
        [batch_of("a", exact(1)), batch_of("b", exact(0), round=2)],
        [batch_of("a", exact(1)), batch_of("b", exact(0, 1))],
    ],
)
def test_batches_that_are_not_one_block_are_refused_and_change_nothing(block: Block) -> None:
    statistics = RankingStatistics()
    with pytest.raises(ValueError):
        statistics.add_block(block)
    assert statistics == RankingStatistics()


def test_exact_and_graded_batches_of_one_block_are_paired() -> None:
    pair = statistics_of({"a": exact(1, 0), "b": [500_000, 250_000]}).pair("b", "a")
    assert (pair.n, pair.difference_sum, pair.difference_squares) == (2, -250_000, 500_000**2 + 250_000**2)
    assert pair.discordance is None


def test_exact_pairs_give_their_discordant_counts_in_either_direction() -> None:
    statistics = statistics_of({"a": exact(1, 1, 0, 1, None), "b": exact(0, 1, 1, 0, 1)})
    assert statistics.pair("a", "b").discordance == (2, 1)
    assert statistics.pairs_against("a")["b"].discordance == (1, 2)


def test_candidates_that_never_met_have_zero_sums_and_pairs_survive_a_dropped_candidate() -> None:
    statistics = statistics_of({"a": exact(1), "b": exact(0)})
    statistics.add_block([batch_of("b", exact(1), block=1), batch_of("c", exact(1), block=1)])
    assert statistics.pair("a", "c") == PairSums()
    assert statistics.pair("a", "b").n == statistics.pair("b", "c").n == 1
    assert statistics.candidates["b"].n_rows == 2


def test_merged_blocks_are_kept_as_the_fewest_ranges() -> None:
    ranges: BlockRanges = ()
    for block in (4, 0, 2, 1, 5, 9):
        ranges = disjoint_union(ranges, ((block, block),))
    assert ranges == ((0, 2), (4, 5), (9, 9))
    assert [contains(ranges, block) for block in (0, 2, 3, 5, 9, 10)] == [True, True, False, True, True, False]


def test_sums_of_expensive_runs_stay_exact_beyond_64_bits() -> None:
    statistics = statistics_of({"a": exact(1)}, cost_nanos_squared=10**30 + 1)
    assert RankingStatistics.from_json(statistics.to_json()).candidates["a"].cost_nanos_squared == 10**30 + 1


def test_fifty_candidates_on_a_thousand_exact_rows_take_tens_of_milliseconds() -> None:
    random.seed(7)
    answers = {f"c{index}": [random.choice([0, SCORE_SCALE]) for _ in range(1000)] for index in range(50)}
    made = [
        [batch_of(key, rows[start : start + 50], block=start) for key, rows in answers.items()]
        for start in range(0, 1000, 50)
    ]

    def seconds() -> float:
        start = time.perf_counter()
        merged(made)
        return time.perf_counter() - start

    assert min(seconds() for _ in range(3)) < 0.15
