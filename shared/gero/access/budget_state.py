"""How a budget stands, as a client is told: in headers, in lists, in refusals."""

import msgspec

_PREFIX = "X-Dr.Gero-Token-Budget-"
_NANO_PLACES = 9


class BudgetState(msgspec.Struct, frozen=True):
    """Nano-dollars: `limit = used + remaining + held`, where `held` is set aside for requests in flight.

    No limit: the token has no budget. `remaining` is below 0 when answers cost more than their worst case.
    """

    limit: int | None = None
    used: int = 0
    remaining: int = 0
    held: int = 0
    reset_interval: str = "none"
    resets_at: str | None = None

    def headers(self) -> dict[str, str]:
        """The documented headers: dollars with two decimals (more for a limit that has more), `Reset-At` if it resets.

        What remains is rounded down and what is used up, so that nobody is told of more than there is.
        """
        if self.limit is None:
            return {f"{_PREFIX}Limit-Usd": "unlimited"}
        places = max(2, len(usd(self.limit).partition(".")[2]))
        told = {
            f"{_PREFIX}Limit-Usd": _rounded(self.limit, places),
            f"{_PREFIX}Remaining-Usd": _rounded(max(0, self.remaining), places),
            f"{_PREFIX}Used-Usd": _rounded(self.used, places, up=True),
        }
        return told | ({f"{_PREFIX}Reset-At": self.resets_at} if self.resets_at else {})


def usd(nanos: int) -> str:
    """Nano-dollars from 0 on as exact dollars, with at least two decimals: `25.00`, `0.0012`."""
    whole, _, rest = _rounded(nanos, _NANO_PLACES).partition(".")
    return f"{whole}.{rest.rstrip('0').ljust(2, '0')}"


def _rounded(nanos: int, places: int, *, up: bool = False) -> str:
    unit = 10 ** (_NANO_PLACES - places)
    whole, rest = divmod(-(-nanos // unit) if up else nanos // unit, 10**places)
    return f"{whole}.{rest:0{places}}"
