from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gero.kit import money


@pytest.mark.parametrize(
    ("usd", "nanos"),
    [
        (0, 0),
        (1, 1_000_000_000),
        (0.1, 100_000_000),
        ("0.000000001", 1),
        ("1e-9", 1),
        ("0.0000000005", 0),  # half to even
        ("0.0000000015", 2),
        (Decimal("2.5"), 2_500_000_000),
        ("-0", 0),
        (1_000_000_000, 10**18),
    ],
)
def test_dollars_become_whole_nano_dollars(usd: Any, nanos: int) -> None:
    assert money.to_nanos(usd) == nanos


@pytest.mark.parametrize(
    "usd", [-0.01, "NaN", "inf", float("nan"), "1,5", "", "free", True, None, {}, 1e300, "1e999999"]
)
def test_what_is_no_amount_is_refused(usd: Any) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        money.to_nanos(usd)


@given(st.integers(min_value=0, max_value=10**15))
def test_an_amount_survives_the_way_to_the_edge_and_back(nanos: int) -> None:
    assert money.to_nanos(money.to_usd(nanos)) == nanos


@pytest.mark.parametrize(
    ("tokens", "price", "nanos"),
    [(0, 10**9, 0), (1, 499_999, 0), (1, 500_000, 1), (3, 150_000_000, 450)],
)
def test_tokens_cost_their_price_rounded_half_up(tokens: int, price: int, nanos: int) -> None:
    assert money.cost_of_tokens(tokens, price) == nanos


@given(st.lists(st.integers(min_value=0, max_value=10**6), max_size=50), st.integers(min_value=0, max_value=10**12))
def test_rounding_per_call_is_off_by_at_most_half_a_nano_dollar_each(calls: list[int], price: int) -> None:
    summed = sum(money.cost_of_tokens(tokens, price) for tokens in calls)
    assert abs(summed * 10**6 - sum(calls) * price) <= len(calls) * 500_000
