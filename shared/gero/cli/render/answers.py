"""What is told beside an answer: who gave it, what it cost, and what is left to spend."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gero.cli.render import formats

_PREFIX: Final = "X-Dr.Gero-"
_BUDGET: Final = f"{_PREFIX}Token-Budget-"


def beside_answer(known: Mapping[str, Any], headers: Mapping[str, str]) -> Iterator[str]:
    """Lines about an answer, of its body (`cost_usd`, …) and its headers (`headers` takes names in any case)."""
    model = headers.get(f"{_PREFIX}Model-Name") or known.get("model")
    told = [
        formats.plain(model),
        formats.milliseconds(known.get("latency_ms")),
        formats.money(known.get("cost_usd")),
        f"trace {known['trace_id']}" if known.get("trace_id") else "",
    ]
    yield " · ".join(filter(None, told))
    reason = headers.get(f"{_PREFIX}Fallback")
    if reason or known.get("fallback"):
        yield f"It answered in place of production's model: {formats.plain(reason) or 'that one failed'}"
    if headers.get(f"{_PREFIX}Prompt") == "bypassed":
        yield "Without the leaderboard's prompt"
    left, limit = headers.get(f"{_BUDGET}Remaining-Usd"), headers.get(f"{_BUDGET}Limit-Usd")
    if left and limit:
        resets = headers.get(f"{_BUDGET}Reset-At")
        until = f", resets {formats.age(resets)}" if resets else ""
        yield f"${left} of ${limit} left of the token's budget{until}"
