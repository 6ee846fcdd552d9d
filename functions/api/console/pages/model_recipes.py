"""Making a Dr.Gero model, and publishing further versions of it: the recipe as a form."""

import json
from typing import Any

from fastapi import Request, Response
from pydantic import ValidationError

from functions.api.console.page_router import page_router
from functions.api.console.rendering import goes_to, page
from functions.api.console.security import Form
from functions.api.console.submitted import Submitted, faults, status_of, validated
from functions.api.console.visitor import Visiting, Visitor
from functions.api.model_views import DrgeroModelDetailView, ExampleView, VersionView
from functions.api.routes import models as api
from gero import leaderboards
from gero.kit import GeroError, Invalid
from gero.models import ModelInput, VersionInput

router = page_router()
MODES = (
    ("recipe", "Recipe", "A base model with your system prompt, examples and parameters."),
    ("auto", "Automatic", "The production model of a leaderboard, shown 8 examples of its dataset."),
    ("fine_tune", "Fine-tuning", "Nothing answers until a training on a leaderboard's rows has succeeded."),
)
PLATFORMS = (("openrouter", "OpenRouter"), ("custom", "Custom endpoint"), ("huggingface", "Hugging Face"))
AUTH_METHODS = (
    ("none", "None"),
    ("bearer", "Bearer"),
    ("x_api_key", "X-API-Key"),
    ("x_drgero_api_key", "X-Dr.Gero-API-Key"),
    ("authorization", "Authorization, raw"),
    ("custom_header", "A header of your own"),
)
_TEXTS = (
    *("name", "description", "creation_mode", "leaderboard_id", "platform", "model", "endpoint_url", "provider"),
    *("auth_method", "auth_header_name", "system_prompt", "examples", "parameters", "note", "count"),
    *("input_cost_per_million_usd", "output_cost_per_million_usd"),
)


@router.get("/models/new")
def new_model(request: Request, visitor: Visiting) -> Response:
    """The form for a model."""
    return _form(request, visitor, dict.fromkeys(_TEXTS, "") | {"creation_mode": "recipe", "platform": "openrouter"})


@router.post("/models/new")
def create_model(request: Request, visitor: Visiting, form: Form) -> Response:
    """Make a model with its first version."""
    visitor.principal.require("models:write")
    try:
        mode = form.text("creation_mode", "recipe")
        board = form.optional("leaderboard_id")
        fields = {
            "name": form.text("name"),
            "description": form.text("description"),
            "creation_mode": mode,
            "leaderboard_ids": [board] if board else [],
        }
        if mode != "auto":
            fields |= _recipe(form, board)
        made = api.create_model(visitor.principal, validated(ModelInput, fields))
    except (ValidationError, GeroError) as error:
        return _form(request, visitor, _typed(form), None, _at_fields(error), status_of(error))
    return goes_to(request, f"/models/{made.id}", f"{made.name} is made. Add it to a leaderboard to see how it does.")


@router.get("/models/{model_id}/publish")
def new_version(request: Request, visitor: Visiting, model_id: str) -> Response:
    """The form for a version: what the latest one is, to be changed."""
    visitor.principal.require("models:write")
    found = api.read_model(visitor.principal, model_id)
    latest = _latest(visitor, found)
    known = dict.fromkeys(_TEXTS, "")
    if latest:
        known |= {
            "system_prompt": latest.system_prompt or "",
            "examples": "\n".join(
                json.dumps({"input": one.input, "output": one.output}) for one in _own_examples(latest)
            ),
            "parameters": json.dumps(latest.parameters) if latest.parameters else "",
        }
    return _form(request, visitor, known, found)


@router.post("/models/{model_id}/publish")
def publish_version(request: Request, visitor: Visiting, form: Form, model_id: str) -> Response:
    """Publish a version: the latest one with what the form says."""
    visitor.principal.require("models:write")
    found = api.read_model(visitor.principal, model_id)
    try:
        recipe = _recipe(form, form.optional("leaderboard_id"), with_base=False)
        taken_away = {"system_prompt"} | ({"examples"} if _own_examples(_latest(visitor, found)) else set())
        fields = recipe | {"parameters": recipe["parameters"] or {}, "note": form.optional("note")}
        fields = {name: value for name, value in fields.items() if value is not None or name in taken_away}
        wanted = VersionInput.model_validate(fields | {"deploy": form.flag("deploy")})
        made = api.publish_version(visitor.principal, model_id, wanted)
    except (ValidationError, GeroError) as error:
        return _form(request, visitor, _typed(form), found, _at_fields(error), status_of(error))
    return goes_to(request, f"/models/{model_id}", f"Version {made.number} is published.")


def _latest(visitor: Visitor, model: DrgeroModelDetailView) -> VersionView | None:
    number = model.latest_version
    return api.read_version(visitor.principal, model.id, number) if number else None


def _own_examples(version: VersionView | None) -> list[ExampleView]:
    """Those that people wrote; the form does not show those that were drawn from a dataset."""
    return version.examples if version and not version.examples_from else []


def _recipe(form: Submitted, board: str | None, *, with_base: bool = True) -> dict[str, Any]:
    """The fields of a recipe; None: left out."""
    count = form.integer("count")
    examples: Any = _lines(form.text("examples"))
    if count:
        if not board:
            raise Invalid("leaderboard_id: choose the leaderboard whose rows to show", field="leaderboard_id")
        examples = {"leaderboard_id": board, "count": count}
    return {
        "base": _base(form) if with_base else None,
        "system_prompt": form.optional("system_prompt"),
        "examples": examples,
        "parameters": _object(form.text("parameters"), "parameters"),
    }


def _base(form: Submitted) -> dict[str, Any]:
    method = form.text("auth_method", "none") or "none"
    fields = {
        "platform": form.text("platform", "openrouter"),
        "model": form.optional("model"),
        "provider": form.optional("provider"),
        "endpoint_url": form.optional("endpoint_url"),
        "auth_token": form.secret("auth_token"),
        "auth_method": method if method != "none" else None,
        "auth_header_name": form.optional("auth_header_name"),
        "input_cost_per_million_usd": form.number("input_cost_per_million_usd"),
        "output_cost_per_million_usd": form.number("output_cost_per_million_usd"),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _lines(text: str) -> list[Any] | None:
    """Examples, one JSON object a line."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            found.append(_object(line, "examples", f"line {number}: "))
    return found or None


def _object(text: str, field: str, place: str = "") -> dict[str, Any] | None:
    if not text:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{field}: {place}this is not JSON ({error})", field=field) from error
    if not isinstance(value, dict):
        raise Invalid(f"{field}: {place}give a JSON object", field=field)
    return value


def _at_fields(error: Exception) -> dict[str, str]:
    """Faults at the fields of the form: those of the base without its name, those of any example at all of them."""
    found = {}
    for field, told in faults(error).items():
        if field.startswith("examples."):
            found["examples"] = f"{field.rpartition('.')[2]}: {told}"
        else:
            found[field.removeprefix("base.")] = told
    return found


def _typed(form: Submitted) -> dict[str, Any]:
    return {name: form.text(name) for name in _TEXTS}


def _form(
    request: Request,
    visitor: Visitor,
    typed: dict[str, Any],
    model: DrgeroModelDetailView | None = None,
    wrong: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    visitor.principal.require("models:write")
    boards = [("", "none")]
    if visitor.may("leaderboards:read"):
        boards += [(one.id, one.name) for one in leaderboards.listed(visitor.workspace_id)]
    return page(
        request,
        "model_recipe.html",
        visitor,
        status=status,
        model=model,
        form=typed,
        faults=wrong or {},
        modes=MODES,
        platforms=PLATFORMS,
        auth_methods=AUTH_METHODS,
        boards=boards,
    )
