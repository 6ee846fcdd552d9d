"""What a request may cost at most, before it is asked: what is set aside of a token's budget."""

from typing import TYPE_CHECKING, Any

from gero.kit import money
from gero.providers import characters_of
from gero.providers.target import Target

if TYPE_CHECKING:
    from functions.serve_inference.exchange import Exchange

DEFAULT_OUTPUT_TOKENS = 4_096
"""Of a request that does not say how long its answer may be. What a longer one costs is charged, but not set aside."""
_BYTES_PER_TOKEN = 2  # few languages and fewer tokenizers need more tokens than that
_MAX_COUNT = 10**9
_LIMITS = ("max_completion_tokens", "max_tokens")


def worst_case(exchange: "Exchange") -> int:
    """Nano-dollars: the dearest of those that may be asked; all of them together where they are asked side by side."""
    serving = exchange.served.serving
    targets = [serving.target, *serving.others[: exchange.settings.fallbacks]]
    tokens_in = input_tokens(exchange)
    costs = [of_target(exchange, target, tokens_in) for target in targets]
    return sum(costs) if exchange.settings.hedge_after_ms is not None else max(costs)


def input_tokens(exchange: "Exchange") -> int:
    """What the question has at most, images and files by their number and not by their length."""
    return -(-characters_of(exchange.body(exchange.served.serving.target)) // _BYTES_PER_TOKEN)


def of_target(exchange: "Exchange", target: Target, tokens_in: int) -> int:
    """What one of them may cost, asked so many tokens."""
    endpoint = target.endpoint
    parameters = {**endpoint.parameters, **exchange.asked.parameters}
    limit = max((_count(parameters.get(name)) or 0 for name in _LIMITS), default=0) or DEFAULT_OUTPUT_TOKENS
    tokens_out = limit * (_count(parameters.get("n")) or 1)
    return money.cost_of_tokens(tokens_in, endpoint.input_nanos_per_million) + money.cost_of_tokens(
        tokens_out, endpoint.output_nanos_per_million
    )


def _count(value: Any) -> int | None:
    counts = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return min(value, _MAX_COUNT) if counts else None
