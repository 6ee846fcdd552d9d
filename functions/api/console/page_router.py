"""The router of a page: out of the API's document, and no write without the token of our own forms."""

from collections.abc import Callable

from fastapi import APIRouter, Depends

from functions.api.console.security import submitted
from functions.api.console.visitor import Visiting


def page_router(scope: str | None = None) -> APIRouter:
    """A router whose every write was checked to come from a page of ours; with a `scope`, for who has that only.

    Without one each page has to ask for it (`visitor.principal.require`) before it calls a function of the API, whose
    own check is a dependency of the API's routes.
    """
    checks = [Depends(submitted)] + ([Depends(_allowed(scope))] if scope else [])
    return APIRouter(include_in_schema=False, dependencies=checks)


def _allowed(scope: str) -> Callable[[Visiting], None]:
    def check(visitor: Visiting) -> None:
        visitor.principal.require(scope)

    return check
