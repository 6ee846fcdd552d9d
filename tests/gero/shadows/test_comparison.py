import random
from collections.abc import Sequence

import msgspec
import pytest

from gero.evaluation import BatchStatistics, EvaluationType, LatencyHistogram, pack_scores
from gero.ranking import RankingStatistics
from gero.shadows import Comparison, Figures, compared
from gero.shadows.figures import CHALLENGER, PRODUCTION, Pair

SCALE = 1_000_000


def figures(kind: EvaluationType, scores: Sequence[int | None], **changed: object) -> Figures:
    """Figures in which the challenger scored so, at 0.4 of the cost and twice the latency."""
    own = SCALE if kind == "exact" else SCALE // 2
    served = [None if score is None else own for score in scores]
    statistics = RankingStatistics()
    if scores:
        sides = [(PRODUCTION, served, 50_000, 100.0), (CHALLENGER, scores, 20_000, 200.0)]
        statistics.add_block([_batch(*side) for side in sides])
    judge = "strict" if kind == "judge" else None
    pair = Pair("x", "p", "small", "c", "large", kind, judge)
    found = Figures(pair, "2026-07-01", "2026-07-02", sums=msgspec.Raw(statistics.to_json()))
    return msgspec.structs.replace(found, **changed)


def _batch(name: str, scores: Sequence[int | None], cost: int, latency: float) -> BatchStatistics:
    histogram = LatencyHistogram()
    for _ in scores:
        histogram.add(latency)
    return BatchStatistics(
        *(name, 1, 0, len(scores), pack_scores(scores)),
        cost_nanos=cost * len(scores),
        latency=histogram.to_buckets(),
        judge_nanos=9 if name == CHALLENGER else 0,
    )


def limits(found: Comparison) -> tuple[float, float, float]:
    assert found.value
    return found.value.low, found.value.mean, found.value.high


def test_agreement_is_a_share_with_limits_and_never_called_accuracy_nor_better() -> None:
    found = compared(figures("exact", [SCALE] * 390 + [0] * 22))
    low, mean, high = limits(found)
    assert (found.measure, found.verdict) == ("agreement", None)
    assert mean == pytest.approx(390 / 412)
    assert 0.85 < low < 0.93 < mean < 0.96 < high < 1
    assert found.told.startswith(
        "Beside small, on 412 requests: large gives the same answer on 91-98 % of them (94.7 % of 412 "
    )
    assert "costs 0.40 x as much, takes 2.0 x as long at the 95th percentile, never failed." in found.told
    assert "Agreement is not accuracy" in found.limits[0]
    assert not {"accurate", "better", "worse"} & set(found.told.split())


@pytest.mark.parametrize(
    ("wins", "losses", "verdict"), [(150, 50, "better"), (50, 150, "worse"), (12, 10, "undecided")]
)
def test_a_judged_difference_is_told_once_it_is_certain(wins: int, losses: int, verdict: str) -> None:
    found = compared(figures("judge", [SCALE] * wins + [0] * losses + [SCALE // 2] * 20))
    low, mean, high = limits(found)
    assert found.verdict == verdict
    assert mean == pytest.approx((wins - losses) / (wins + losses + 20) / 2)
    assert low < mean < high
    assert (low > 0, high < 0) == (verdict == "better", verdict == "worse")
    assert found.judge_nanos == 9
    if verdict == "undecided":
        assert found.requests_needed
        assert f"about {found.requests_needed:,} more requests needed" in found.told
    else:
        assert f"is {verdict} in the judge's eyes" in found.told


def test_equal_answers_need_no_number_of_requests_to_tell_apart() -> None:
    found = compared(figures("judge", [SCALE // 2] * 30))
    assert (found.verdict, found.requests_needed) == ("undecided", None)


def test_where_people_score_only_cost_latency_and_errors_are_told() -> None:
    found = compared(figures("human", [None] * 5))
    assert (found.measure, found.value, found.verdict) == (None, None, None)
    assert "large is not scored, costs 0.40 x" in found.told
    assert found.cost_ratio == pytest.approx(0.4)
    assert found.latency_ratio == pytest.approx(2, rel=0.05)


def test_before_a_request_was_asked_nothing_is_claimed() -> None:
    found = compared(figures("exact", [], late=3))
    assert (found.value, found.cost_ratio, found.latency_ratio) == (None, None, None)
    assert found.told == "large has not been asked yet."
    unscored = compared(figures("judge", [None]))
    assert (unscored.value, unscored.verdict) == (None, "undecided")
    assert "on 1 request: large could not be scored on any" in unscored.told


def test_the_limits_hold_although_one_looks_after_every_request() -> None:
    draws, left = random.Random(7), 0
    for _ in range(100):
        scores: list[int | None] = []
        for _ in range(8):
            scores += [SCALE if draws.random() < 0.5 else 0 for _ in range(40)]
            if compared(figures("judge", scores)).verdict != "undecided":
                left += 1
                break
    assert left <= 5, "of 100 pairs of equals at most 5 or so are told apart, with eight looks at each"
