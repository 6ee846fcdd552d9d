"""What OpenRouter offers: its public list of models, kept in S3 for an hour, and what it measured of each provider."""

from typing import Any

import msgspec


class Offer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One model of the catalogue. Prices are decimal texts, dollars per token, as OpenRouter writes them."""

    id: str
    name: str
    created: int = 0
    """Unix time at which OpenRouter took it in."""
    context_length: int | None = None
    input_price: str = "0"
    output_price: str = "0"
    hugging_face_id: str | None = None
    input_modalities: tuple[str, ...] = ()
    output_modalities: tuple[str, ...] = ()
    expires: str | None = None

    @property
    def open_weights(self) -> bool:
        """Whether its weights are published on Hugging Face."""
        return bool(self.hugging_face_id)

    @property
    def input_nanos_per_million(self) -> int:
        """Nano-dollars per million input tokens; 0 when the price is not fixed."""
        raise NotImplementedError

    @property
    def output_nanos_per_million(self) -> int:
        """Nano-dollars per million output tokens; 0 when the price is not fixed."""
        raise NotImplementedError


class Catalogue(msgspec.Struct, frozen=True):
    """The list as it was at `fetched_at` (ISO); `stale` when OpenRouter could not be asked for a newer one."""

    fetched_at: str
    offers: tuple[Offer, ...]
    stale: bool = False

    def find(self, model_id: str) -> Offer | None:
        """The offer with that id."""
        return next((one for one in self.offers if one.id == model_id), None)


def load() -> Catalogue:
    """The catalogue, at most an hour old unless OpenRouter cannot be asked. UpstreamFailed when there never was one."""
    raise NotImplementedError


def _unused() -> Any:
    return None
