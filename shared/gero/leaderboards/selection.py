"""Which of OpenRouter's models a leaderboard should compare: the limits, and a choice that is spread over the price.

Everything here is a function of its arguments, so the same catalogue and the same limits give the same choice.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import msgspec

from gero.kit import money
from gero.providers import catalogue

Basis = Literal["measured", "interpolated", "published"]
_LEAST_DAYS = timedelta(days=30)  # a model that goes sooner is not worth a comparison
_INPUT_SHARE = 3  # input tokens to one output token, in the blended price
_BLENDED = f"per million tokens ({_INPUT_SHARE} in to 1 out)"


class Limits(msgspec.Struct, frozen=True):
    """How many models are wanted, and what each of them must keep to. Prices are nano-dollars per million tokens."""

    count: int
    input_nanos: int | None = None
    output_nanos: int | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    open_weights_only: bool = False

    @property
    def of_latency(self) -> bool:
        """Whether latency is limited, so that providers must be looked up."""
        return self.p95_ms is not None or self.p99_ms is not None

    @property
    def digest(self) -> str:
        """The same for the same limits, and for no others."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:32]

    def keeps(self, latency: "Latency") -> bool:
        """Whether a latency is known as far as it is limited, and within the limits."""
        told = ((self.p95_ms, latency.p95_ms), (self.p99_ms, latency.p99_ms))
        return all(most is None or (found is not None and found <= most) for most, found in told)

    def knows(self, latency: "Latency") -> bool:
        """Whether a latency says what the limits ask."""
        told = ((self.p95_ms, latency.p95_ms), (self.p99_ms, latency.p99_ms))
        return all(most is None or found is not None for most, found in told)


class Latency(msgspec.Struct, frozen=True):
    """Milliseconds: of whole answers when `measured` by a run of the leaderboard; otherwise to the first token."""

    p95_ms: float | None
    p99_ms: float | None
    basis: Basis


class Eligible(msgspec.Struct, frozen=True):
    """A model that keeps to the limits, and how: pinned to a provider, when only that one does."""

    offer: catalogue.Offer
    provider: catalogue.ProviderEndpoint | None = None
    latency: Latency | None = None

    @property
    def priced(self) -> catalogue.Offer | catalogue.ProviderEndpoint:
        """Whose prices are paid."""
        return self.provider or self.offer


class Choice(msgspec.Struct, frozen=True):
    """A chosen model. Prices are nano-dollars per million tokens; `reason` is a sentence for people."""

    model: str
    name: str
    provider: str | None
    quantization: str | None
    input_nanos: int
    output_nanos: int
    context_length: int | None
    open_weights: bool
    latency: Latency | None
    reason: str


class Selection(msgspec.Struct, frozen=True):
    """What was chosen, from the catalogue as it was at `fetched_at`, and why not the others: how many for each reason.

    `considered` = `eligible` + `rejected`, in which those that were eligible and `not_needed` are counted beside.
    """

    chosen: tuple[Choice, ...]
    rejected: dict[str, int]
    eligible: int
    considered: int
    fetched_at: str
    stale: bool


def blended_nanos(priced: catalogue.Offer | catalogue.ProviderEndpoint) -> int:
    """The price of a million tokens, three of input to one of output, in nano-dollars."""
    total = _INPUT_SHARE * priced.input_nanos_per_million + priced.output_nanos_per_million
    return total // (_INPUT_SHARE + 1)


def too_expensive(priced: catalogue.Offer | catalogue.ProviderEndpoint, limits: Limits) -> str | None:
    """The reason code when a price is above its limit."""
    if limits.input_nanos is not None and priced.input_nanos_per_million > limits.input_nanos:
        return "input_too_expensive"
    if limits.output_nanos is not None and priced.output_nanos_per_million > limits.output_nanos:
        return "output_too_expensive"
    return None


def unfit(offer: catalogue.Offer, limits: Limits, now: datetime) -> str | None:
    """The reason code when a model is not to be compared, whatever its latency; None when it may be."""
    if "text" not in offer.input_modalities or tuple(offer.output_modalities) != ("text",):
        return "not_text"
    if not offer.fixed_price:
        return "variable_price"
    # Free ones end with a daily quota, in the middle of a run; those without the suffix are previews.
    if offer.id.endswith(":free") or blended_nanos(offer) == 0:
        return "free"
    if offer.request_price != "0":
        return "price_per_request"
    if offer.expires is not None and _expires_before(offer.expires, now + _LEAST_DAYS):
        return "expires_soon"
    if limits.open_weights_only and not offer.open_weights:
        return "closed_weights"
    return too_expensive(offer, limits)


def spread(eligible: Sequence[Eligible], count: int) -> Iterator[Choice]:
    """`count` of the models, or all: cut by price into equally many each, the newest of each, each of another maker
    where there is one, so that what more money buys becomes visible.
    """
    by_price = sorted(eligible, key=lambda one: (blended_nanos(one.priced), one.offer.id))
    groups, authors = min(count, len(by_price)), set[str]()
    for number in range(groups):
        group = by_price[number * len(by_price) // groups : (number + 1) * len(by_price) // groups]
        others = [one for one in group if one.offer.author not in authors]
        chosen = min(others or group, key=lambda one: (-one.offer.created, one.offer.id))
        authors.add(chosen.offer.author)
        yield _choice(chosen, _reason(chosen, group, (number + 1, groups), is_new=bool(others)))


def _choice(one: Eligible, reason: str) -> Choice:
    return Choice(
        model=one.offer.id,
        name=one.offer.name,
        provider=one.provider.tag if one.provider else None,
        quantization=one.provider.quantization if one.provider else None,
        input_nanos=one.priced.input_nanos_per_million,
        output_nanos=one.priced.output_nanos_per_million,
        context_length=one.offer.context_length,
        open_weights=one.offer.open_weights,
        latency=one.latency,
        reason=reason,
    )


def _reason(one: Eligible, group: Sequence[Eligible], place: tuple[int, int], *, is_new: bool) -> str:
    price, head = _dollars(blended_nanos(one.priced)), f"Price group {place[0]} of {place[1]}"
    if len(group) == 1:
        return f"{head}: the only model, at {price} {_BLENDED}{_told_latency(one)}."
    low, high = (_dollars(blended_nanos(end.priced)) for end in (group[0], group[-1]))
    added = datetime.fromtimestamp(one.offer.created, UTC).date()
    maker = "by a maker not chosen before" if is_new else "there, all by makers chosen before"
    head = f"{head}, {len(group)} models at {low} to {high} {_BLENDED}"
    return f"{head}: the newest {maker} (since {added}, {price}){_told_latency(one)}."


def _told_latency(one: Eligible) -> str:
    if one.latency is None:
        return ""
    percentiles = ((95, one.latency.p95_ms), (99, one.latency.p99_ms))
    times = " and ".join(f"{ms:,.0f} ms at p{name}" for name, ms in percentiles if ms is not None)
    if one.latency.basis == "measured":
        return f", whole answers within {times} as the latest run measured"
    source = one.provider.tag if one.provider else "OpenRouter"
    estimate = " (p95 interpolated between p90 and p99)" if one.latency.basis == "interpolated" else ""
    return f", first token within {times} by {source}{estimate}"


def _dollars(nanos: int) -> str:
    return f"${money.to_usd(nanos):.4g}"


def _expires_before(told: str, limit: datetime) -> bool:
    """An unreadable date counts as near: the model is going to be taken out."""
    try:
        return date.fromisoformat(told[:10]) < limit.date()
    except ValueError:
        return True
