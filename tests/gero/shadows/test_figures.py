from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any

import pytest
from msgspec.structs import replace

from gero import shadows
from gero.kit import new_id
from gero.shadows import Figures, ShadowRequest, figures
from gero.shadows.figures import Pair, Shadowed
from gero.traces import SCORE_SCALE, Trace
from tests.gero.shadows.conftest import LEADERBOARD, WORKSPACE, Board

PAIR = Pair("one#other", "served", "served", "c", "c", "exact")


@pytest.fixture
def some(board: Board) -> list[Shadowed]:
    """Six requests: an error, a slow one, one that could not be scored, one late, agreement and none."""
    traces: list[dict[str, Any]] = [
        {"score": 0, "error": "broken"},
        {"score": SCORE_SCALE, "output": "yes", "latency_ms": 4_000.0, "cost_nanos": 7},
        {"output": "yes", "latency_ms": 3.0},
        {"score": SCORE_SCALE, "output": "yes", "latency_ms": 50.0, "tokens_out": 9},
        {"score": 0, "output": "no", "latency_ms": 50.0, "cost_nanos": 1},
    ]
    made = [Shadowed(board.request("late", asked_at="2026-01-01T00:00:00.000Z"), late=True)]
    for number, fields in enumerate(traces):
        request = board.request(f"q{number}", cost_nanos=1000 + number)
        trace = Trace(new_id(), "inference", request.asked_at, **fields)
        made.append(Shadowed(request, trace, None if trace.score is None else SCORE_SCALE))
    return made


def add(batch: Sequence[Shadowed], pair: Pair = PAIR) -> int:
    return figures.add(WORKSPACE, LEADERBOARD, pair, batch)


def known() -> Figures:
    (found,) = shadows.listed(WORKSPACE, LEADERBOARD)
    return found


def sums(found: Figures) -> Any:
    return found.statistics.candidates, found.statistics.pairs, found.late, found.first_at, found.last_at


def test_the_sums_are_the_same_in_whatever_order_and_batches_requests_come(some: list[Shadowed]) -> None:
    add(some)
    expected = sums(known())
    for number, order in enumerate(permutations(some)):
        if number % 60:
            continue
        shadows.forget(WORKSPACE, LEADERBOARD)
        again = [Shadowed(_renamed(one), one.trace, one.production_score, one.late) for one in order]
        size = 1 + number % 4
        for start in range(0, len(again), size):
            add(again[start : start + size])
        assert sums(known()) == expected


def _renamed(one: Shadowed) -> ShadowRequest:
    return replace(one.request, trace_id=new_id())


def test_batches_that_overlap_count_each_request_once(some: list[Shadowed]) -> None:
    assert (add(some[:4]), add(some[2:]), add(some)) == (4, 2, 0)
    assert known().statistics.candidates["challenger"].n_rows == 5
    assert figures.counted_before(WORKSPACE, LEADERBOARD, ["other", some[0].request.trace_id]) == {
        some[0].request.trace_id
    }


def test_workers_that_count_at_the_same_time_lose_nothing(atomic_cloud: None, board: Board) -> None:
    trace = Trace("t", "inference", "2026-07-01", output="yes", score=SCORE_SCALE, latency_ms=1.0)
    batches = [[Shadowed(board.request("q"), trace, SCORE_SCALE) for _ in range(5)] for _ in range(8)]
    twice = [*batches, *reversed(batches)]
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(add, twice)) == 40
    assert known().statistics.pair("challenger", "production").n == 40


def test_pairs_are_listed_apart_the_latest_first_and_forgotten_together(board: Board) -> None:
    earlier, later = "2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z"
    other = Pair("two#other", "served", "served", "d", "d", "exact")
    add([Shadowed(board.request("q", asked_at=earlier), late=True)])
    add([Shadowed(board.request("q", asked_at=later), late=True)], other)
    add([Shadowed(board.request("q", asked_at=earlier), late=True)])
    assert [one.pair.challenger for one in shadows.listed(WORKSPACE, LEADERBOARD)] == ["d", "c"]
    shadows.forget(WORKSPACE, LEADERBOARD)
    assert shadows.listed(WORKSPACE, LEADERBOARD) == []


def test_what_was_forgotten_is_not_counted_when_its_message_comes_again(some: list[Shadowed]) -> None:
    add(some)
    shadows.forget(WORKSPACE, LEADERBOARD)
    assert add(some) == 0
    assert shadows.listed(WORKSPACE, LEADERBOARD) == []
