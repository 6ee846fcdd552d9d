"""What OpenRouter says of a model and of each provider that serves it, read from its answers.

Reading is tolerant: an entry that is odd is left out and the others are kept, since the list is somebody else's and
grows new kinds of entries without notice.
"""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from gero.kit import Invalid

_MODEL_ID = re.compile(r"~?[A-Za-z0-9][A-Za-z0-9._-]{0,99}/[A-Za-z0-9][A-Za-z0-9._-]{0,150}(:[A-Za-z0-9._-]{1,40})?")
_TAG = re.compile(r"[a-z0-9][a-z0-9._/-]{0,99}")
_NANOS_PER_MILLION = 10**15  # of a dollar per token
_VARIABLE = "-1"


class Offer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One model of the catalogue. Prices are decimal texts, dollars per token, as OpenRouter writes them; one that
    depends on what answers in the end (openrouter/auto) is negative.
    """

    id: str
    name: str
    created: int = 0
    """Unix time at which OpenRouter took it in."""
    context_length: int | None = None
    input_price: str = "0"
    output_price: str = "0"
    request_price: str = "0"
    """Dollars for each request, beside the tokens: some models that search the web have one."""
    hugging_face_id: str | None = None
    input_modalities: tuple[str, ...] = ()
    output_modalities: tuple[str, ...] = ()
    expires: str | None = None
    """The ISO date on which OpenRouter takes it out."""

    @property
    def author(self) -> str:
        """Who made it: the first part of its id."""
        return self.id.partition("/")[0].removeprefix("~")

    @property
    def open_weights(self) -> bool:
        """Whether its weights are published on Hugging Face."""
        return bool(self.hugging_face_id)

    @property
    def fixed_price(self) -> bool:
        """Whether its tokens cost the same whoever answers."""
        return not any(price.startswith("-") for price in (self.input_price, self.output_price))

    @property
    def input_nanos_per_million(self) -> int:
        """Nano-dollars per million input tokens; 0 when the price is not fixed."""
        return _nanos_per_million(self.input_price)

    @property
    def output_nanos_per_million(self) -> int:
        """Nano-dollars per million output tokens; 0 when the price is not fixed."""
        return _nanos_per_million(self.output_price)


class ProviderEndpoint(msgspec.Struct, frozen=True, omit_defaults=True):
    """One provider of a model. `p50_ms` and the others: milliseconds to the first token over the last half hour, None
    where OpenRouter has measured too little.
    """

    provider_name: str
    tag: str
    """What a request names to be answered by it: "deepinfra/fp8"."""
    quantization: str | None = None
    input_price: str = "0"
    output_price: str = "0"
    p50_ms: float | None = None
    p75_ms: float | None = None
    p90_ms: float | None = None
    p99_ms: float | None = None
    uptime: float | None = None
    """Percent of the last half hour's requests that it answered."""
    status: int = 0
    """Below 0 while OpenRouter avoids it."""

    @property
    def input_nanos_per_million(self) -> int:
        """Nano-dollars per million input tokens."""
        return _nanos_per_million(self.input_price)

    @property
    def output_nanos_per_million(self) -> int:
        """Nano-dollars per million output tokens."""
        return _nanos_per_million(self.output_price)


def check_model_id(model_id: str) -> None:
    """Invalid unless it is author/slug or author/slug:variant, which can stand in a path."""
    if not _MODEL_ID.fullmatch(model_id) or ".." in model_id:
        raise Invalid("model: give the model's id on OpenRouter, such as openai/gpt-4o-mini", field="model")


def read_offers(content: bytes) -> tuple[Offer, ...]:
    """The models of an answer to GET /models. ValueError when it is no such answer, or names no model at all."""
    found = {one.id: one for one in _read(_data(content), _offer)}
    if not found:
        raise ValueError("no model in it")
    return tuple(found.values())


def read_endpoints(content: bytes) -> tuple[ProviderEndpoint, ...]:
    """The providers of an answer to GET /models/{id}/endpoints. ValueError when it is no such answer."""
    data = _data(content)
    return tuple(_read(data.get("endpoints") if isinstance(data, dict) else None, _provider_endpoint))


def _data(content: bytes) -> Any:
    try:
        document = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError("not JSON") from error
    return document.get("data") if isinstance(document, dict) else None


def _read(entries: Any, read: Any) -> Iterator[Any]:
    if not isinstance(entries, list):
        raise ValueError("no list in it")
    for entry in entries:
        try:
            yield read(entry)
        except (KeyError, TypeError, ValueError, AttributeError, Invalid):
            continue


def _offer(entry: dict[str, Any]) -> Offer:
    check_model_id(entry["id"])
    pricing, architecture = entry["pricing"], entry.get("architecture") or {}
    made = {
        "id": entry["id"],
        "name": entry.get("name") or entry["id"],
        "created": int(entry.get("created") or 0),
        "context_length": entry.get("context_length"),
        "input_price": _price(pricing["prompt"]),
        "output_price": _price(pricing["completion"]),
        "request_price": _price(pricing.get("request") or "0"),
        "hugging_face_id": entry.get("hugging_face_id") or None,
        "input_modalities": architecture.get("input_modalities") or [],
        "output_modalities": architecture.get("output_modalities") or [],
        "expires": entry.get("expiration_date") or None,
    }
    return msgspec.convert(made, Offer)


def _provider_endpoint(entry: dict[str, Any]) -> ProviderEndpoint:
    if not _TAG.fullmatch(entry["tag"]):
        raise ValueError("a tag that no request can name")
    latency = entry.get("latency_last_30m")
    percentiles = latency if isinstance(latency, dict) else {}
    made = {
        "provider_name": entry.get("provider_name") or entry["tag"],
        "tag": entry["tag"],
        "quantization": entry.get("quantization"),
        "input_price": _price(entry["pricing"]["prompt"]),
        "output_price": _price(entry["pricing"]["completion"]),
        **{f"{name}_ms": percentiles.get(name) for name in ("p50", "p75", "p90", "p99")},
        "uptime": entry.get("uptime_last_30m"),
        "status": int(entry.get("status") or 0),
    }
    return msgspec.convert(made, ProviderEndpoint)


def _price(told: Any) -> str:
    """The price as a plain decimal text. ValueError when it is none, or above a dollar per token."""
    try:
        price = Decimal(str(told))
    except InvalidOperation as error:
        raise ValueError("not a price") from error
    if not price.is_finite() or price > 1:
        raise ValueError("not a price")
    return _VARIABLE if price < 0 else f"{price.normalize():f}"


def _nanos_per_million(price: str) -> int:
    return max(0, round(Decimal(price) * _NANOS_PER_MILLION))
