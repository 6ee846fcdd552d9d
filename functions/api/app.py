"""The FastAPI application: routes, and one shape for every error."""

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from functions.api import console
from functions.api.console import refusals
from functions.api.routes import (
    auto_select,
    base_models,
    candidates,
    dataset,
    dataset_versions,
    datasets,
    elsewhere,
    fine_tuning,
    health,
    integrations,
    judge,
    leaderboards,
    members,
    models,
    notifications,
    operators,
    production,
    push_tokens,
    ranking,
    reviews,
    run_bundle,
    run_matrix,
    runs,
    schedules,
    shadow,
    telemetry,
    tokens,
    trace_changes,
    traces,
    workspace,
)
from gero.kit import GeroError, log

_HTTP_ERRORS = {
    404: ("not_found", "there is nothing at this path; see /docs"),
    405: ("method_not_allowed", "this path does not take that method; see /docs"),
}
_REWORDED = {"extra_forbidden": "this field is unknown, or not supported yet", "missing": "this field is required"}
DESCRIPTION = """
Gero tells a team which language model to use for its task, with evidence, and serves that model.

Send an API token as `Authorization: Bearer drgero_…`. Errors are `{"error", "code", "details"}`.
"""


class ErrorView(BaseModel):
    """Why a request was refused: a sentence that names the field and the fix, a code for machines, and details."""

    error: str
    code: str
    details: dict[str, Any]


_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorView, "description": "The request cannot be carried out as written"},
    401: {"model": ErrorView, "description": "No token, or one that is unknown, revoked or expired"},
    402: {
        "model": ErrorView,
        "description": "A limit of the workspace's plan: `details` names limit, plan and allowed",
    },
    403: {"model": ErrorView, "description": "The token lacks a scope"},
    404: {"model": ErrorView, "description": "No such object in this workspace"},
    409: {"model": ErrorView, "description": "The object is not in the state that the request needs"},
    413: {"model": ErrorView, "description": "Too large"},
    502: {"model": ErrorView, "description": "A model or a hub failed"},
    503: {"model": ErrorView, "description": "Try again"},
}


def create_app() -> FastAPI:
    """The application, with nothing read from the environment yet."""
    app = FastAPI(
        title="Gero", version="1", description=DESCRIPTION, docs_url=None, redoc_url=None, responses=_REFUSALS
    )
    of_leaderboards = (
        leaderboards,
        candidates,
        auto_select,
        dataset,
        dataset_versions,
        push_tokens,
        runs,
        run_matrix,
        run_bundle,
        ranking,
        judge,
        reviews,
        production,
        notifications,
        schedules,
        shadow,
        traces,
        trace_changes,
    )
    of_models = (base_models, models, fine_tuning)
    others = (tokens, members, integrations, telemetry, datasets, elsewhere, operators)
    for routes in (health, workspace, *of_leaderboards, *of_models, *others):
        app.include_router(routes.router)
    console.add_to(app)
    app.add_exception_handler(GeroError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _failed)
    described = app.openapi
    app.openapi = lambda: _without_422(described())  # type: ignore[method-assign]
    return app


def _without_422(document: dict[str, Any]) -> dict[str, Any]:
    """FastAPI announces its own answer to faulty requests; ours is 400."""
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
    return document


def _refused(request: Request, error: Any) -> Response:
    if refusals.concerns(request):
        return refusals.refused(request, error)
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
    return JSONResponse(error.body(), error.status, headers)


def _invalid(request: Request, error: Any) -> Response:
    faults = [_fault(one) for one in error.errors()]
    if refusals.concerns(request):
        return refusals.told(request, 400, str(faults[0]["error"]))
    body = {"error": faults[0]["error"], "code": "invalid_request", "details": {"errors": faults}}
    return JSONResponse(body, 400)


def _fault(error: dict[str, Any]) -> dict[str, str | None]:
    if error["type"] == "json_invalid":
        return {"field": None, "error": "the body is not valid JSON"}
    place = ".".join(str(part) for part in error["loc"] if part not in ("body", "query", "path"))
    message = _REWORDED.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    if not place:
        field, colon, _ = message.partition(": ")
        told = message if colon else "the body must be a JSON object, sent with Content-Type: application/json"
        return {"field": field if colon else None, "error": told}
    return {"field": place, "error": message if message.startswith(f"{place}:") else f"{place}: {message}"}


def _http(request: Request, error: Any) -> Response:
    if refusals.concerns(request):
        return refusals.told(request, error.status_code, "There is no such page.")
    code, message = _HTTP_ERRORS.get(error.status_code, ("http_error", str(error.detail)))
    return JSONResponse({"error": message, "code": code, "details": {}}, error.status_code, error.headers)


def _failed(request: Request, error: Exception) -> Response:
    log.failure("api.failed", error, method=request.method, path=request.url.path)
    if refusals.concerns(request):
        return refusals.failed(request, error)
    body = {"error": "something went wrong on our side; try again", "code": "internal_error", "details": {}}
    return JSONResponse(body, 500)
