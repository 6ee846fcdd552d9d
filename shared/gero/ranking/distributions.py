"""Normal and Student t distributions, as the standard library has them not or imports them slowly."""

from functools import lru_cache
from math import copysign, erfc, exp, inf, lgamma, log, log1p, pi, sqrt


def normal_cdf(x: float) -> float:
    """P(Z <= x)."""
    return erfc(-x / sqrt(2)) / 2


def log_normal_cdf(x: float) -> float:
    """ln P(Z <= x), also where the probability underflows."""
    if x > -30:
        return log(normal_cdf(x))
    # Mills ratio, first omitted term 105 / x^8 (Abramowitz, Stegun 26.2.12).
    return -x * x / 2 - log(-x * sqrt(2 * pi)) + log1p(-1 / x**2 + 3 / x**4 - 15 / x**6)


@lru_cache(maxsize=256)
def normal_quantile(probability: float) -> float:
    """The z with P(Z <= z) = probability; raises ValueError outside of (0, 1)."""
    if not 0 < probability < 1:
        raise ValueError(f"a quantile needs a probability between 0 and 1, not {probability}")
    if probability > 0.5:
        return -normal_quantile(1 - probability)
    t = sqrt(-2 * log(probability))
    # Abramowitz, Stegun 26.2.23: within 4.5e-4, which two steps of Halley's method take to rounding.
    z = (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t
    for _ in range(2):
        step = (normal_cdf(z) - probability) * sqrt(2 * pi) * exp(z * z / 2)
        z -= step / (1 + z * step / 2)
    return z


def t_two_sided(t: float, df: int) -> float:
    """P(|T| >= |t|) for Student's T with `df` degrees of freedom."""
    square = t * t
    if square in (0.0, inf):
        return 0.0 if square else 1.0
    a = df / 2
    log_front = -a * log1p(square / df) - log1p(df / square) / 2 - _log_beta_half(a)
    # The continued fraction of the incomplete beta function converges fast on one side of its mean only.
    if df * (a + 2.5) < (a + 1) * (df + square):
        return exp(log_front) / a * _beta_fraction(a, 0.5, df / (df + square))
    return 1 - exp(log_front) * 2 * _beta_fraction(0.5, a, square / (df + square))


@lru_cache(maxsize=4096)
def t_quantile(probability: float, df: int) -> float:
    """The t with P(T <= t) = probability; raises ValueError outside of (0, 1)."""
    if probability < 0.5:
        return -t_quantile(1 - probability, df)
    tail, t = 2 * (1 - probability), normal_quantile(probability)
    # The tail is convex and the normal quantile lies below the root: Newton's method climbs and never overshoots.
    for _ in range(100):
        log_density = -(df + 1) / 2 * log1p(t * t / df) - _log_beta_half(df / 2) - log(df) / 2
        step = (t_two_sided(t, df) - tail) / (2 * exp(log_density))
        t += step
        if abs(step) <= 1e-13 * abs(t):
            break
    return t


def _log_beta_half(a: float) -> float:
    """ln B(a, 1/2)."""
    if a < 50:
        return lgamma(a) + lgamma(0.5) - lgamma(a + 0.5)
    # The difference of two large log-gammas would lose ten digits; its Stirling series keeps them.
    square = a * a
    return log(pi / a) / 2 + (1 / 8 - (1 / 192 - 1 / (640 * square)) / square) / a


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Continued fraction of the incomplete beta function by Lentz's method (Numerical Recipes 6.4)."""
    d = 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    c, fraction = 1.0, d
    for m in range(1, 10_000):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away_from_zero(1 + numerator * d)
            c = _away_from_zero(1 + numerator / c)
            fraction *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return fraction


def _away_from_zero(value: float) -> float:
    return value if abs(value) > 1e-300 else copysign(1e-300, value)
