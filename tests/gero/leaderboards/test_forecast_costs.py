"""What a row costs: measured, guessed, and how sure that is."""

import random
from statistics import NormalDist

import pytest

from gero.evaluation import BatchStatistics, JudgeSums, pack_scores
from gero.kit import clock
from gero.leaderboards import Leaderboard, LeaderboardInput
from gero.leaderboards.forecast_costs import Z90, PerRow, guessed, measured, measured_verdict
from gero.leaderboards.forecast_rows import Sample
from gero.providers import Endpoint
from gero.traces import SCORE_SCALE

ENDPOINT = Endpoint("custom", "u")


def batch(costs: list[int], **found: object) -> BatchStatistics:
    rows, squares = len(costs), sum(cost * cost for cost in costs)
    sums = {"cost_nanos": sum(costs), "cost_nanos_squared": squares, "tokens_in": 20 * rows, "tokens_out": 5 * rows}
    return BatchStatistics("a", 1, 0, rows, pack_scores([SCORE_SCALE] * rows), **{**sums, **found})  # type: ignore[arg-type]


def test_a_changed_price_holds_for_what_was_measured_before() -> None:
    known = [batch([1000, 3000] * 50)]
    before = Endpoint("custom", "u", input_nanos_per_million=100_000_000)
    dearer = Endpoint("custom", "u", input_nanos_per_million=200_000_000)
    same, now = measured(known, before, before), measured(known, before, dearer)
    assert same
    assert now
    assert (same.nanos, now.nanos) == (2000, 4000)
    assert now.deviation == pytest.approx(2 * same.deviation)


def test_a_few_rows_are_no_measure() -> None:
    assert measured([batch([1] * 9)], ENDPOINT, ENDPOINT) is None


def test_more_rows_cost_more_and_nine_of_ten_runs_cost_more_than_half_of_them() -> None:
    draw = random.Random(5)
    for _ in range(300):
        per_row = PerRow(
            draw.uniform(0, 1e7), 1, 1, 1, draw.choice([0, 10, 1000]), draw.uniform(0, 1e7), draw.uniform(0, 1e7)
        )
        last = (0, 0)
        for rows in sorted(draw.sample(range(100_000), 5)):
            middle, high = per_row.cost(rows)
            assert high >= middle >= last[0]
            assert high >= last[1]
            last = middle, high


def test_nine_of_ten_runs_stay_below_p90_when_costs_were_measured() -> None:
    draw = random.Random(7)
    below_middle = below_high = 0
    repetitions, known, rows = 600, 100, 300
    for _ in range(repetitions):
        own = [round(draw.lognormvariate(10, 0.8)) for _ in range(known)]
        per_row = measured([batch(own)], ENDPOINT, ENDPOINT)
        assert per_row
        middle, high = per_row.cost(rows)
        cost = sum(round(draw.lognormvariate(10, 0.8)) for _ in range(rows))
        below_middle += cost <= middle
        below_high += cost <= high
    error = 3 * (0.9 * 0.1 / repetitions) ** 0.5
    assert below_high / repetitions == pytest.approx(0.9, abs=error + 0.03), "costs are skewed: allow for it"
    assert below_middle / repetitions == pytest.approx(0.5, abs=0.1)
    naive = NormalDist().cdf(Z90 / (1 + rows / known) ** 0.5)
    assert naive < 0.75, "not knowing the mean matters: the same check without it would fail"


def test_a_guess_covers_answers_that_are_three_times_as_long() -> None:
    now = clock.iso()
    wanted = LeaderboardInput(name="n", system_prompt="Say {input}", dataset_type="PUSH")
    made = Leaderboard(id="l", workspace_id="w", created_at=now, updated_at=now, **wanted.model_dump())
    sample = Sample(rows=100, source="x", rows_read=5, input_bytes=400, expected_bytes=400)
    priced = Endpoint("custom", "u", output_nanos_per_million=1_000_000)
    per_row = guessed(made, sample, priced)
    middle, high = per_row.cost(100)
    assert middle == 100 * 100
    assert 3.5 * middle < high < 3.7 * middle


def test_verdicts_cost_what_they_did_where_they_were_paid_for() -> None:
    guess = PerRow(nanos=7.0, tokens_in=1, tokens_out=1, seconds=1, high_nanos=9.0)
    paid = batch([1] * 20, judge=JudgeSums(n_judged=20, n_audits=5), judge_nanos=2500)
    assert measured_verdict([paid], guess).nanos == 100
    taken_over = batch([1] * 20, judge=JudgeSums(n_judged=20), judge_nanos=10, n_reused=20)
    assert measured_verdict([taken_over], guess) == guess
    assert measured_verdict([], guess) == guess
