"""The models that OpenRouter offers, to choose from."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from functions.api.caller import SCHEMES, Limit, ModelReader, Offset
from gero.kit import money
from gero.providers import catalogue

router = APIRouter(prefix="/api/base-models", tags=["models"], dependencies=SCHEMES)


class CatalogueView(BaseModel):
    """How new the list is; `stale` when OpenRouter could not be asked for a newer one."""

    fetched_at: str
    age_seconds: int
    stale: bool


class BaseModelView(BaseModel):
    """A model. Prices are dollars: exact decimals per token, numbers per million; null when they depend on what answers
    in the end.
    """

    id: str
    name: str
    platform: str
    created: int
    context_length: int | None
    input_price_per_token: str | None
    output_price_per_token: str | None
    input_cost_per_million_usd: float | None
    output_cost_per_million_usd: float | None
    open_weights: bool
    hugging_face_id: str | None


class BaseModelList(BaseModel):
    """A page of models, the newest on OpenRouter first."""

    base_models: list[BaseModelView]
    count: int
    total: int
    limit: int
    offset: int
    catalogue: CatalogueView


@router.get("")
def list_base_models(
    caller: ModelReader,
    query: Annotated[str, Query(max_length=200, description="Words of the id or the name")] = "",
    open_weights_only: bool = False,
    limit: Limit = 50,
    offset: Offset = 0,
) -> BaseModelList:
    """What OpenRouter offers. No key of it is needed to look."""
    known, words = catalogue.load(), query.lower().split()
    found = [one for one in known.offers if one.open_weights or not open_weights_only]
    found = [one for one in found if all(word in f"{one.id} {one.name}".lower() for word in words)]
    found.sort(key=lambda one: (-one.created, one.id))
    page = [_view(one) for one in found[offset : offset + limit]]
    told = CatalogueView(fetched_at=known.fetched_at, age_seconds=known.age_seconds, stale=known.stale)
    return BaseModelList(
        base_models=page, count=len(page), total=len(found), limit=limit, offset=offset, catalogue=told
    )


def _view(one: catalogue.Offer) -> BaseModelView:
    fixed = one.fixed_price
    return BaseModelView(
        id=one.id,
        name=one.name,
        platform="openrouter",
        created=one.created,
        context_length=one.context_length,
        input_price_per_token=one.input_price if fixed else None,
        output_price_per_token=one.output_price if fixed else None,
        input_cost_per_million_usd=money.to_usd(one.input_nanos_per_million) if fixed else None,
        output_cost_per_million_usd=money.to_usd(one.output_nanos_per_million) if fixed else None,
        open_weights=one.open_weights,
        hugging_face_id=one.hugging_face_id,
    )
