from fractions import Fraction
from math import comb, exp, inf, log, log1p, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from gero.ranking.evidence import (
    PROMOTION_BETS,
    geometric_bets,
    log_e_binary,
    log_e_mixture,
    log_e_uniform,
    log_e_value,
    log_mean_exp,
    mixture_variance,
)
from tests.gero.ranking.samples import discordant_pair, pair_of

GENERIC = tuple(0.9 * 2**-k for k in range(9))


def test_stakes_for_promotion_are_nine_from_a_nine_tenths_to_four_thousandths() -> None:
    assert len(PROMOTION_BETS) == 9
    assert PROMOTION_BETS[0] == 0.9
    assert PROMOTION_BETS[-1] == pytest.approx(0.004)


def test_the_generic_grid_gives_the_worked_values() -> None:
    assert exp(log_e_binary(30, 12, bets=GENERIC)) == pytest.approx(9.7070638759, abs=1e-9)
    assert log_e_binary(80, 40, bets=GENERIC) == pytest.approx(4.5017929167, abs=1e-9)


def test_the_tuned_grid_gives_the_worked_values() -> None:
    bets = geometric_bets(sqrt(2 * log(10 / 0.05) / 1000), 0.9, 6)
    assert bets == pytest.approx([0.9, 0.5833, 0.3781, 0.2450, 0.1588, 0.1029], abs=5e-5)
    assert log_e_binary(80, 40, bets=bets) == pytest.approx(5.5129050235, abs=1e-9)


@pytest.mark.parametrize(
    ("margin", "expected"), [(-0.02, 7.4522667133), (-0.01, 5.8716797200), (0.01, 3.3857610079), (0.02, 2.4717668876)]
)
def test_a_margin_gives_the_worked_values(margin: float, expected: float) -> None:
    assert log_e_binary(80, 40, 280, margin=margin, bets=GENERIC) == pytest.approx(expected, abs=1e-9)


def test_the_mixture_gives_the_worked_values() -> None:
    assert log_e_mixture(400, 40, 120, variance=0.05) == pytest.approx(5.7388856349, abs=1e-9)
    assert log_e_mixture(400, 40, 120, variance=0.0513) == pytest.approx(5.7345921984, abs=1e-9)
    level = 2 * log(180)
    assert mixture_variance(180, 1000) == pytest.approx((level + log(1 + level)) / 250)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.floats(-0.2, 0.2))
def test_the_binary_value_equals_the_product_over_rows(b: int, c: int, ties: int, margin: float) -> None:
    direct = 0.0
    for bet in PROMOTION_BETS:
        stake = bet / (1 + max(margin, 0))
        product = 1.0
        for difference in [1] * b + [-1] * c + [0] * ties:
            product *= 1 + stake * (difference - margin)
        direct += product / len(PROMOTION_BETS)
    assert log_e_binary(b, c, ties, margin=margin) == pytest.approx(log(direct), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("counts", "expected"), [((0, 0), 1), ((8, 2), 4.0020202020), ((30, 12), 18.4486953), ((3, 9), 0.1321678)]
)
def test_all_bets_at_once_give_the_worked_values(counts: tuple[int, int], expected: float) -> None:
    assert exp(log_e_uniform(*counts)) == pytest.approx(expected, abs=1e-7)


def test_all_bets_at_once_on_unanimous_verdicts_give_the_worked_value_and_do_not_overflow() -> None:
    assert log_e_uniform(10, 0) == pytest.approx(5.2262353129, abs=1e-9)
    assert log_e_uniform(4000, 1000) > 500
    assert log_e_uniform(1000, 4000) < -5


@given(st.integers(0, 60), st.integers(0, 60))
def test_all_bets_at_once_are_the_integral_over_them(b: int, c: int) -> None:
    integral, _ = integrate.quad(lambda bet: (1 + bet) ** b * (1 - bet) ** c, 0, 1, epsabs=0, epsrel=1e-12)
    assert log_e_uniform(b, c) == pytest.approx(log(integral), rel=1e-9, abs=1e-9)


def test_all_bets_at_once_expect_one_when_neither_is_preferred() -> None:
    expected = sum(comb(30, b) / 2**30 * exp(log_e_uniform(b, 30 - b)) for b in range(31))
    assert expected == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(("margin", "expected"), [(0.0, 3.4379068496), (0.02, 1.9819083601)])
def test_exact_bets_are_never_below_the_strict_bound_on_them(margin: float, expected: float) -> None:
    n, total, squares = (
        400,
        (40 - 400 * margin) / (1 + margin),
        (120 - 80 * margin + 400 * margin**2) / (1 + margin) ** 2,
    )
    bounds = [bet * total - (-log1p(-bet) - bet) * squares for bet in GENERIC]
    strict = log_mean_exp(bounds, len(bounds))
    assert strict == pytest.approx(expected, abs=1e-9)
    assert strict <= log_e_binary(80, 40, n - 120, margin=margin, bets=GENERIC)


def test_values_of_zero_count_in_a_mean() -> None:
    assert log_mean_exp([log(6)], 3) == pytest.approx(log(2))
    assert log_mean_exp([], 3) == -inf


@pytest.mark.parametrize("margin", [0.0, 0.25, -0.25])
def test_the_expected_value_at_the_edge_of_the_null_is_one_by_enumeration(margin: float) -> None:
    n, tied = 14, Fraction(1, 4)
    p_first = (1 - tied + Fraction(margin)) / 2
    p_second = 1 - tied - p_first
    expected = sum(
        comb(n, b) * comb(n - b, c) * float(p_first**b * p_second**c * tied ** (n - b - c))
        * exp(log_e_binary(b, c, n - b - c, margin=margin))
        for b in range(n + 1)
        for c in range(n + 1 - b)
    )  # fmt: skip
    assert expected == pytest.approx(1, abs=1e-12)


def test_evidence_neither_overflows_nor_underflows_on_a_million_rows() -> None:
    assert log_e_binary(400_000, 100_000) > 80_000
    assert log_e_binary(100_000, 400_000) < -100
    assert log_e_mixture(10**6, 300_000, 500_000) > 1000
    assert log_e_mixture(10**6, -300_000, 500_000) < -5


def test_graded_scores_use_the_mixture_from_fifty_rows_on() -> None:
    def pair_of_rows(n: int) -> float:
        return log_e_value(pair_of([700_000, 900_000] * (n // 2), [600_000] * n))

    assert pair_of_rows(48) == 0
    assert pair_of_rows(50) == pytest.approx(log_e_mixture(50, 10, 2.5))


def test_exact_scores_use_the_bets_and_no_rows_are_no_evidence() -> None:
    assert log_e_value(discordant_pair(30, 12, 58)) == log_e_binary(30, 12)
    assert log_e_value(discordant_pair(30, 12, 58), margin=-0.01) == log_e_binary(30, 12, 58, margin=-0.01)
    assert log_e_value(discordant_pair(0, 0, 0)) == 0
