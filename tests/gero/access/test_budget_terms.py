import pytest

from gero.access import budget_terms
from gero.kit import Invalid, clock


@pytest.mark.parametrize(
    ("interval", "after", "end"),
    [
        ("none", "2026-06-17T10:20:30.000Z", None),
        ("daily", "2026-06-17T10:20:30.000Z", "2026-06-18T00:00:00.000Z"),
        ("daily", "2026-12-31T23:59:59.999Z", "2027-01-01T00:00:00.000Z"),
        ("daily", "2026-06-17T00:00:00.000Z", "2026-06-18T00:00:00.000Z"),
        ("weekly", "2026-06-17T10:20:30.000Z", "2026-06-22T00:00:00.000Z"),
        ("weekly", "2026-06-22T00:00:00.000Z", "2026-06-29T00:00:00.000Z"),
        ("weekly", "2026-06-21T23:59:59.999Z", "2026-06-22T00:00:00.000Z"),
        ("weekly", "2026-12-30T01:00:00.000Z", "2027-01-04T00:00:00.000Z"),
        ("monthly", "2026-06-17T10:20:30.000Z", "2026-07-01T00:00:00.000Z"),
        ("monthly", "2026-12-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"),
        ("monthly", "2028-01-31T23:00:00.000Z", "2028-02-01T00:00:00.000Z"),
        ("monthly", "2028-02-29T23:00:00.000Z", "2028-03-01T00:00:00.000Z"),
    ],
)
def test_a_period_is_a_day_an_iso_week_or_a_month_of_utc(interval: str, after: str, end: str | None) -> None:
    assert budget_terms.next_reset(interval, clock.parse(after)) == end


@pytest.mark.parametrize(
    "limit", ["0", 0, -1, "-0.5", "NaN", "Infinity", "abc", True, 1_000_000.01, "1e-10", "1e999999"]
)
def test_a_limit_is_dollars_above_nothing_up_to_a_million(limit: str | int | float) -> None:
    with pytest.raises(Invalid, match=r"budget_limit: .* is not a budget; give dollars above 0") as refused:
        budget_terms.checked(limit, None)
    assert refused.value.details == {"field": "budget_limit"}


def test_terms_are_exact() -> None:
    assert budget_terms.checked(0.1, "daily") == budget_terms.BudgetTerms(100_000_000, "daily")
    assert budget_terms.checked("1000000", None) == budget_terms.BudgetTerms(10**15)
    assert budget_terms.checked(None, "none") is None


@pytest.mark.parametrize(("limit", "interval"), [(1, "hourly"), (1, "Daily"), (None, "daily"), (None, "hourly")])
def test_an_interval_is_a_known_one_and_needs_a_limit(limit: int | None, interval: str) -> None:
    with pytest.raises(Invalid, match=r"^budget_reset_interval: ") as refused:
        budget_terms.checked(limit, interval)
    assert refused.value.details == {"field": "budget_reset_interval"}
