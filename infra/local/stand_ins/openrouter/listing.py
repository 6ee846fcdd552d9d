"""What the stand-in offers: models made up over the stand-in models, in OpenRouter's own words.

Makers, prices, dates, providers and latencies are invented; only the answers are computed (see `stand_ins.models`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

_SPREAD = 0.5  # sigma of the lognormal latencies
_QUANTILES = {"p50": 0.0, "p75": 0.6745, "p90": 1.2816, "p99": 2.3263}
_TEXT = ("text",)


@dataclass(frozen=True)
class Provider:
    """Who serves a model. `price`: of the model's; `median_ms` to the first token, None while it is not measured."""

    tag: str
    name: str
    median_ms: float | None
    price: float = 1.0
    quantization: str = "unknown"
    status: int = 0

    def percentiles(self) -> dict[str, float] | None:
        """Milliseconds by the name of the percentile."""
        if self.median_ms is None:
            return None
        return {name: round(self.median_ms * math.exp(_SPREAD * at), 1) for name, at in _QUANTILES.items()}


@dataclass(frozen=True)
class Listed:
    """A model of the list. `answers`: the stand-in model behind it; prices are dollars per million tokens, as text.

    `days`: how long ago it came; `leaves_in_days`: when it is taken out.
    """

    id: str
    name: str
    answers: str
    input_usd: str
    output_usd: str
    days: int
    providers: tuple[Provider, ...]
    hugging_face_id: str | None = None
    context_length: int = 32_768
    inputs: tuple[str, ...] = _TEXT
    outputs: tuple[str, ...] = _TEXT
    request_usd: str = "0"
    leaves_in_days: int | None = None

    def described(self, now: datetime) -> dict[str, Any]:
        """Its entry in the list of models."""
        leaves = None if self.leaves_in_days is None else now + timedelta(days=self.leaves_in_days)
        return {
            "id": self.id,
            "canonical_slug": self.id.partition(":")[0],
            "name": self.name,
            "created": int((now - timedelta(days=self.days)).timestamp()) // 86_400 * 86_400,
            "description": "A made-up model of the stand-in.",
            "context_length": self.context_length,
            "architecture": self._architecture(),
            "pricing": {**self._pricing(), "request": self.request_usd, "image": "0"},
            "top_provider": {
                "context_length": self.context_length,
                "max_completion_tokens": None,
                "is_moderated": False,
            },
            "hugging_face_id": self.hugging_face_id or "",
            "supported_parameters": ["max_tokens", "temperature", "top_p"],
            "per_request_limits": None,
            "expiration_date": leaves.date().isoformat() if leaves else None,
        }

    def endpoints(self, now: datetime, *, known: bool) -> dict[str, Any]:
        """Its providers; only those who are `known` see latencies."""
        described = self.described(now)
        told = {name: described[name] for name in ("id", "name", "created", "description", "architecture")}
        return {**told, "endpoints": [self._endpoint(one, known=known) for one in self.providers]}

    def usd_per_token(self, provider: Provider) -> tuple[float, float]:
        """What a token costs with a provider: in, out. What has no fixed price routes to a model of a dollar."""
        prices = (float(text) if float(text) >= 0 else 1.0 for text in (self.input_usd, self.output_usd))
        token_in, token_out = (usd / 1e6 * provider.price for usd in prices)
        return token_in, token_out

    def _architecture(self) -> dict[str, Any]:
        return {
            "modality": f"{'+'.join(self.inputs)}->{'+'.join(self.outputs)}",
            "input_modalities": list(self.inputs),
            "output_modalities": list(self.outputs),
            "tokenizer": "Other",
            "instruct_type": None,
        }

    def _pricing(self, share: float = 1.0) -> dict[str, str]:
        return {"prompt": _per_token(self.input_usd, share), "completion": _per_token(self.output_usd, share)}

    def _endpoint(self, provider: Provider, *, known: bool) -> dict[str, Any]:
        return {
            "name": f"{provider.name} | {self.id}",
            "model_name": self.name,
            "context_length": self.context_length,
            "pricing": self._pricing(provider.price),
            "provider_name": provider.name,
            "tag": provider.tag,
            "quantization": provider.quantization,
            "max_completion_tokens": None,
            "max_prompt_tokens": None,
            "supported_parameters": ["max_tokens", "temperature", "top_p"],
            "status": provider.status,
            "uptime_last_30m": 99.5,
            "latency_last_30m": provider.percentiles() if known else None,
            "throughput_last_30m": {"p50": 80, "p75": 60, "p90": 40, "p99": 20} if known else None,
            "supports_implicit_caching": False,
        }


def today() -> datetime:
    """The day from which the made-up dates are counted."""
    return datetime.now(UTC)


def _per_token(usd_per_million: str, share: float) -> str:
    """A price per token as OpenRouter writes it; negative ones, which are variable, are -1."""
    per_million = float(usd_per_million)
    return "-1" if per_million < 0 else f"{per_million * share / 1e6:.12f}".rstrip("0").rstrip(".")


def _slow_and_fast(quantization: str) -> tuple[Provider, ...]:
    """Two providers of one model: the cheaper one is slow."""
    return (
        Provider(f"bargain/{quantization}", "Bargain", 900, quantization=quantization),
        Provider("swift", "Swift", 120, price=1.5, quantization="bf16"),
    )


def _one(name: str, median_ms: float | None) -> tuple[Provider, ...]:
    return (Provider(name.lower(), name, median_ms),)


LISTED: Sequence[Listed] = (
    Listed("hearth/billing-only", "Hearth: Billing Only", "always-billing", "0.02", "0.02", 600, _one("Hearth", 40)),
    Listed(
        *("lumen/words-8b", "Lumen: Words 8B", "keyword-small", "0.05", "0.2", 400),
        *(_slow_and_fast("fp8"), "lumen-labs/words-8b"),
    ),
    Listed("hearth/words-mini", "Hearth: Words Mini", "keyword-small", "0.08", "0.3", 200, _one("Hearth", 90)),
    Listed(
        *("quarry/nearest-30b", "Quarry: Nearest 30B", "word-overlap", "0.15", "0.6", 250),
        *(_slow_and_fast("fp4"), "quarry/nearest-30b"),
    ),
    Listed("lumen/nearest", "Lumen: Nearest", "word-overlap", "0.2", "0.8", 90, _one("Lumen", None)),
    Listed("hearth/phrases", "Hearth: Phrases", "keyword-large", "0.4", "1.6", 150, _one("Hearth", 250)),
    Listed(
        *("quarry/phrases-70b", "Quarry: Phrases 70B", "keyword-large", "0.5", "1.8", 60),
        *(_slow_and_fast("fp8"), "quarry/phrases-70b"),
    ),
    Listed("hearth/ensemble", "Hearth: Ensemble", "rules-and-overlap", "1.25", "5", 30, _one("Hearth", 600)),
    Listed(
        *("lumen/words-8b:free", "Lumen: Words 8B (free)", "keyword-small", "0", "0", 400),
        *(_one("Bargain", 2000), "lumen-labs/words-8b"),
    ),
    Listed("openrouter/auto", "Auto Router", "keyword-large", "-1", "-1", 700, _one("Hearth", None)),
    Listed(
        *("quarry/painter", "Quarry: Painter", "always-billing", "0.3", "30", 100, _one("Quarry", 5000)),
        outputs=("image",),
    ),
    Listed(
        *("lumen/nearest-old", "Lumen: Nearest (old)", "word-overlap", "0.2", "0.8", 800, _one("Lumen", 300)),
        leaves_in_days=10,
    ),
)

# Beside the list, so that those who choose candidates from it are not offered programs that answer with verdicts.
JUDGES_LISTED: Sequence[Listed] = (
    Listed("assay/judge-strict", "Assay: Judge Strict", "judge-strict", "1.5", "6", 120, _one("Assay", 30)),
    Listed("assay/judge-flaky", "Assay: Judge Flaky", "judge-flaky", "0.5", "2", 120, _one("Assay", 30)),
)
