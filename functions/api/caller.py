"""Who is calling, and what a list request asks for."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.security import APIKeyHeader, HTTPBearer

from gero import access
from gero.access import Principal

SCHEMES = [
    Depends(HTTPBearer(auto_error=False, description="An API token, `drgero_…`")),
    Depends(APIKeyHeader(name="X-API-Key", auto_error=False)),
]


def _caller(scope: str) -> Callable[[Request], Principal]:
    def authenticated(request: Request) -> Principal:
        principal = access.authenticate(request.headers)
        principal.require(scope)
        return principal

    return authenticated


def _needs(scope: str) -> Any:
    return Depends(_caller(scope))


Reader = Annotated[Principal, _needs("leaderboards:read")]
Writer = Annotated[Principal, _needs("leaderboards:write")]
Runner = Annotated[Principal, _needs("leaderboards:run")]
ModelReader = Annotated[Principal, _needs("models:read")]
ModelWriter = Annotated[Principal, _needs("models:write")]
FineTuner = Annotated[Principal, _needs("models:fine-tune")]
Admin = Annotated[Principal, _needs("workspace:admin")]

Limit = Annotated[int, Query(ge=1, le=200, description="How many to return")]
Offset = Annotated[int, Query(ge=0, le=100_000, description="How many to skip")]
