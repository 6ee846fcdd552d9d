"""The workspace's OpenTelemetry collector: traces of inference are exported to it."""

import asyncio
import gzip
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from functions.api.caller import SCHEMES, Admin
from gero import providers
from gero.kit import Invalid, NotFound, UpstreamFailed
from gero.traces import otlp

router = APIRouter(prefix="/api/telemetry", tags=["telemetry"], dependencies=SCHEMES)
_SECONDS = 10


class CollectorInput(BaseModel):
    """Where spans go, by OTLP over HTTP. Without a path, `/v1/traces` is added."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    endpoint: str = Field(min_length=1, description="Such as https://otlp.example.com")
    header_name: str | None = Field(None, min_length=1, max_length=100, description="Such as Authorization")
    header_value: Annotated[SecretStr, Field(min_length=1, max_length=4096)] | None = Field(
        None, description="Its secret value, such as `Bearer …`; kept sealed and never shown"
    )


class CollectorView(BaseModel):
    """The collector, without its secret."""

    endpoint: str
    header_name: str | None
    updated_at: str


@router.get("")
def read_collector(caller: Admin) -> CollectorView:
    """The workspace's collector."""
    found = otlp.get(caller.workspace_id)
    if found is None:
        raise NotFound("no collector is set; PUT an endpoint here to export traces", code="no_collector")
    return _view(found)


@router.put("")
def set_collector(caller: Admin, wanted: CollectorInput) -> CollectorView:
    """Export traces of inference from now on, once the collector has taken an empty export."""
    value = wanted.header_value.get_secret_value() if wanted.header_value else None
    collector = otlp.made(caller.workspace_id, wanted.endpoint, wanted.header_name, value)
    asyncio.run(_try_out(collector, collector.headers(caller.workspace_id)))
    otlp.keep(caller.workspace_id, collector)
    return _view(collector)


@router.delete("", status_code=204)
def remove_collector(caller: Admin) -> Response:
    """Export no more."""
    otlp.remove(caller.workspace_id)
    return Response(status_code=204)


async def _try_out(collector: otlp.Collector, headers: dict[str, str]) -> None:
    """Invalid, or UpstreamFailed, when the collector does not take an export without spans (an empty message)."""
    import aiohttp

    try:
        async with (
            asyncio.timeout(_SECONDS),
            providers.new_session(1) as session,
            session.post(collector.endpoint, data=gzip.compress(b""), headers=headers, allow_redirects=False) as answer,
        ):
            status = answer.status
    except providers.CallFailed as error:
        raise Invalid(f"endpoint: {error.message}", field="endpoint") from error
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        told = f"endpoint: the collector cannot be reached ({type(error).__name__}); try again"
        raise UpstreamFailed(told, field="endpoint") from error
    if status in (401, 403):
        raise Invalid(f"header_value: the collector refuses it ({status})", field="header_value")
    if status >= 500 or status == 429:
        raise UpstreamFailed(f"endpoint: the collector answered {status}; try again", field="endpoint")
    if status >= 300:
        raise Invalid(f"endpoint: the collector answered {status}; give the address of its OTLP/HTTP", field="endpoint")


def _view(found: otlp.Collector) -> CollectorView:
    return CollectorView(endpoint=found.endpoint, header_name=found.header_name, updated_at=found.updated_at)
