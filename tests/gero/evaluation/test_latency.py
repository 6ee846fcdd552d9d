import time
from itertools import pairwise

import pytest
from ddsketch import DDSketch
from hypothesis import given
from hypothesis import strategies as st

from gero.evaluation import LatencyHistogram

durations = st.lists(st.floats(min_value=0.01, max_value=1e7), min_size=1, max_size=60)


def histogram_of(values: list[float], relative_error: float = 0.02) -> LatencyHistogram:
    histogram = LatencyHistogram(relative_error=relative_error)
    for value in values:
        histogram.add(value)
    return histogram


@given(durations, st.sampled_from([0.01, 0.02]))
def test_quantiles_equal_those_of_ddsketch_bit_for_bit(values: list[float], relative_error: float) -> None:
    sketch = DDSketch(relative_error)
    for value in values:
        sketch.add(value)
    histogram = histogram_of(values, relative_error)
    for q in (0, 0.1, 0.5, 0.95, 0.99, 1):
        assert histogram.quantile(q) == sketch.get_quantile_value(q)


def test_the_worked_example_has_the_buckets_and_quantiles_of_the_reference() -> None:
    histogram = histogram_of([100, 200, 300, 400, 1000], 0.01)
    assert list(histogram.to_buckets()) == [231, 265, 286, 300, 346]
    assert histogram.quantile(0.5) == pytest.approx(301.9134365, abs=1e-7)
    assert histogram.quantile(0.95) == pytest.approx(399.4743972, abs=1e-7)


@given(durations)
def test_a_quantile_is_within_the_relative_error_of_the_sample_quantile(values: list[float]) -> None:
    ordered = sorted(values)
    for index, q in ((0, 0.0), (len(values) - 1, 1.0)):
        assert histogram_of(values).quantile(q) == pytest.approx(ordered[index], rel=0.02 + 1e-9)


@given(durations, durations)
def test_merging_equals_adding_every_value_to_one_histogram(some: list[float], others: list[float]) -> None:
    merged = histogram_of(some)
    merged.merge(histogram_of(others))
    assert merged.to_buckets() == histogram_of(some + others).to_buckets()


@given(durations)
def test_the_stored_form_restores_the_histogram_and_is_sorted(values: list[float]) -> None:
    histogram = histogram_of(values)
    stored = histogram.to_buckets()
    assert all(low < high for low, high in pairwise(stored))
    assert LatencyHistogram(stored).quantile(0.5) == histogram.quantile(0.5)


def test_a_duration_of_zero_is_counted_and_one_that_is_not_finite_is_refused() -> None:
    assert histogram_of([0.0, -1.0]).count == 2
    for value in (float("nan"), float("inf")):
        with pytest.raises((ValueError, OverflowError)):
            histogram_of([value])


def test_an_empty_histogram_a_quantile_above_one_and_other_widths_are_refused() -> None:
    with pytest.raises(ValueError, match="no latency"):
        LatencyHistogram().quantile(0.5)
    with pytest.raises(ValueError, match="between 0 and 1"):
        histogram_of([1.0]).quantile(1.5)
    with pytest.raises(ValueError, match="relative errors differ"):
        histogram_of([1.0]).merge(histogram_of([1.0], 0.01))


def test_adding_takes_less_than_two_microseconds() -> None:
    values = [1.0 + index % 977 for index in range(5000)]

    def seconds_per_value() -> float:
        start = time.perf_counter()
        histogram_of(values)
        return (time.perf_counter() - start) / len(values)

    assert min(seconds_per_value() for _ in range(7)) < 2e-6
