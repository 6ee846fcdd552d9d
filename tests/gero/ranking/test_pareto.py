from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gero.ranking import build_ranking
from gero.ranking.merge import RankingStatistics
from gero.ranking.pareto import pareto_front
from tests.gero.ranking.samples import batch_of, exact


class Candidate(NamedTuple):
    candidate_id: str
    score: float | None
    cost_nanos_per_1000_rows: int
    latency_p95_ms: float | None
    complete: bool = True


CASES = [
    ([("a", 0.9, 10, 10.0), ("b", 0.8, 9, 10.0), ("c", 0.8, 10, 9.0), ("d", 0.8, 10, 10.0)], "abc"),
    ([("a", 0.9, 10, 10.0), ("twin", 0.9, 10, 10.0)], ["a", "twin"]),
    ([("a", 0.9, 10, 10.0), ("free", 0.8, 0, 11.0)], "a"),
    ([("a", 0.9, 10, 10.0), ("fast", 0.8, 0, 9.0)], ["a", "fast"]),
    ([("a", 0.9, 0, 10.0), ("b", 0.8, 0, 9.0), ("c", 0.8, 0, 10.0)], "ab"),
    ([("a", 0.9, 10, None), ("b", 0.9, 10, 10.0), ("c", 0.95, 10, None)], "bc"),
    ([("a", 0.9, 10, 10.0, False), ("b", 0.5, 11, 11.0)], "b"),
    ([], ""),
]


@pytest.mark.parametrize(("candidates", "front"), CASES)
def test_the_front_holds_those_that_no_other_makes_superfluous(candidates: list[tuple], front: str) -> None:  # type: ignore[type-arg]
    assert pareto_front(Candidate(*one) for one in candidates) == set(front)


burden = st.integers(0, 3)
fields = st.lists(st.tuples(burden, burden, st.none() | burden), min_size=1, max_size=8)


@given(fields)
def test_there_is_always_a_front_and_its_best_score_is_on_it(drawn: list[tuple[int, int, int | None]]) -> None:
    candidates = [Candidate(str(i), score / 3, cost, latency) for i, (score, cost, latency) in enumerate(drawn)]
    front = pareto_front(candidates)
    best = max(one.score or 0.0 for one in candidates)
    assert any(one.candidate_id in front for one in candidates if one.score == best)


def test_a_ranking_marks_its_front_and_never_an_endpoint_that_was_given_up() -> None:
    statistics = RankingStatistics()
    statistics.add_block(
        [
            batch_of("good", exact(1, 1, 0), cost_nanos=30, latency={200: 3}),
            batch_of("cheap", exact(1, 0, 0), cost_nanos=10, latency={200: 3}),
            batch_of("neither", exact(1, 0, 0), cost_nanos=40, latency={200: 3}),
            batch_of("dead", exact(1, None, None), n_not_asked=2, cost_nanos=1, latency={10: 1}),
            batch_of("silent", exact(None, None, None)),
        ]
    )
    marked = {entry.candidate_id for entry in build_ranking(statistics).entries if entry.pareto}
    assert marked == {"good", "cheap"}
