"""Money is integer nano-dollars (10⁻⁹ USD) everywhere inside; dollars exist only at the edges."""

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

NANOS_PER_USD = 1_000_000_000
_MAX_USD = 1_000_000_000  # more is a mistake, and sums must stay within the 38 digits of a DynamoDB number


def to_nanos(usd: str | int | float | Decimal) -> int:
    """Dollars as people and providers write them -> nano-dollars. ValueError below 0 and above a billion."""
    try:
        amount = Decimal(str(usd))
    except InvalidOperation as error:
        raise ValueError(f"{usd!r} is not an amount in dollars") from error
    if not amount.is_finite() or not 0 <= amount <= _MAX_USD:
        raise ValueError(f"{usd!r} is not an amount in dollars")
    return int((amount * NANOS_PER_USD).to_integral_value(ROUND_HALF_EVEN))


def to_usd(nanos: int) -> float:
    """Nano-dollars -> dollars, for a response or a screen; never for further arithmetic."""
    return nanos / NANOS_PER_USD


def cost_of_tokens(tokens: int, nanos_per_million: int) -> int:
    """Cost of `tokens` at a price per million tokens, rounded half up, in nano-dollars."""
    return (tokens * nanos_per_million + 500_000) // 1_000_000
