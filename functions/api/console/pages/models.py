"""Dr.Gero models: the list, a model with its versions and leaderboards, deploying, deleting."""

from typing import Any

from fastapi import Request, Response
from pydantic import ValidationError

from functions.api.console.page_router import page_router
from functions.api.console.rendering import goes_to, page
from functions.api.console.security import Form
from functions.api.console.submitted import faults, status_of, validated
from functions.api.console.visitor import Visiting, Visitor
from functions.api.routes import fine_tuning
from functions.api.routes import models as api
from functions.api.routes.models import DeployInput
from gero import leaderboards
from gero.kit import GeroError
from gero.models import FineTuneInput, ModelPatch

router = page_router()
_SHOWN = 25


@router.get("/models")
def list_models(request: Request, visitor: Visiting, offset: int = 0) -> Response:
    """The workspace's Dr.Gero models."""
    visitor.principal.require("models:read")
    found = api.list_models(visitor.principal, limit=_SHOWN, offset=max(0, offset))
    return page(request, "models.html", visitor, found=found)


@router.get("/models/{model_id}")
def read_model(request: Request, visitor: Visiting, model_id: str) -> Response:
    """A model: what answers, its versions, where it competes, its fine-tuning."""
    return _page(request, visitor, model_id)


@router.post("/models/{model_id}")
def change_model(request: Request, visitor: Visiting, form: Form, model_id: str) -> Response:
    """Change what a model is called and meant for."""
    visitor.principal.require("models:write")
    fields: dict[str, Any] = {
        "name": form.text("name"),
        "description": form.text("description"),
        "auto_update_model": form.flag("auto_update_model"),
    }
    if visitor.may("leaderboards:read"):  # only then the page has boxes for them
        fields["leaderboard_ids"] = form.every("leaderboard_ids")
    try:
        api.change_model(visitor.principal, model_id, validated(ModelPatch, fields))
    except (ValidationError, GeroError) as error:
        return _page(request, visitor, model_id, faults(error), status_of(error), typed=fields)
    return goes_to(request, f"/models/{model_id}", "Saved.")


@router.post("/models/{model_id}/deploy")
def deploy(request: Request, visitor: Visiting, form: Form, model_id: str) -> Response:
    """Let a version answer."""
    visitor.principal.require("models:write")
    try:
        number = form.integer("version")
        api.deploy_model(visitor.principal, model_id, validated(DeployInput, {"version": number}))
    except (ValidationError, GeroError) as error:
        return _page(request, visitor, model_id, faults(error), status_of(error))
    return goes_to(request, f"/models/{model_id}", f"Version {number} answers from now on.")


@router.post("/models/{model_id}/undeploy")
def undeploy(request: Request, visitor: Visiting, form: Form, model_id: str) -> Response:
    """Let no version answer."""
    visitor.principal.require("models:write")
    api.undeploy_model(visitor.principal, model_id)
    return goes_to(request, f"/models/{model_id}", "No version answers now.")


@router.post("/models/{model_id}/delete")
def delete(request: Request, visitor: Visiting, form: Form, model_id: str) -> Response:
    """Delete a model with its versions."""
    visitor.principal.require("models:write")
    try:
        api.delete_model(visitor.principal, model_id)
    except GeroError as error:
        return _page(request, visitor, model_id, faults(error), status_of(error))
    return goes_to(request, "/models", "The model is deleted.")


@router.get("/models/{model_id}/versions/{number}")
def read_version(request: Request, visitor: Visiting, model_id: str, number: int) -> Response:
    """A version with its prompt and examples."""
    visitor.principal.require("models:read")
    found = api.read_model(visitor.principal, model_id)
    version = api.read_version(visitor.principal, model_id, number)
    return page(request, "model_version.html", visitor, model=found, version=version)


@router.post("/models/{model_id}/fine-tune")
def fine_tune(request: Request, visitor: Visiting, form: Form, model_id: str) -> Response:
    """Train on a leaderboard's rows."""
    visitor.principal.require("models:fine-tune")
    typed = {name: form.text(name) for name in ("leaderboard_id", "base_model", "suffix", "training_share")}
    try:
        fields = {name: form.optional(name) for name in typed} | {"training_share": form.number("training_share")}
        fine_tuning.start_fine_tuning(visitor.principal, model_id, validated(FineTuneInput, fields))
    except (ValidationError, GeroError) as error:
        return _page(request, visitor, model_id, faults(error), status_of(error), training=typed)
    return goes_to(request, f"/models/{model_id}#fine-tuning", "The training has started.")


@router.post("/models/{model_id}/fine-tune/sync")
def sync(request: Request, visitor: Visiting, form: Form, model_id: str) -> Response:
    """Ask the server how open trainings are doing."""
    visitor.principal.require("models:fine-tune")
    fine_tuning.sync_fine_tuning(visitor.principal, model_id)
    return goes_to(request, f"/models/{model_id}#fine-tuning", "Asked the server.")


@router.post("/models/{model_id}/fine-tune/{run_id}/cancel")
def cancel(request: Request, visitor: Visiting, form: Form, model_id: str, run_id: str) -> Response:
    """End a training and its job."""
    visitor.principal.require("models:fine-tune")
    fine_tuning.cancel_fine_tuning_run(visitor.principal, model_id, run_id)
    return goes_to(request, f"/models/{model_id}#fine-tuning", "The training is cancelled.")


def _page(
    request: Request,
    visitor: Visitor,
    model_id: str,
    wrong: dict[str, str] | None = None,
    status: int = 200,
    typed: dict[str, Any] | None = None,
    training: dict[str, str] | None = None,
) -> Response:
    """The page with what was typed: in the settings, or into the dialog for a `training`."""
    visitor.principal.require("models:read")
    found = api.read_model(visitor.principal, model_id)
    form = {name: getattr(found, name) for name in ("name", "description", "leaderboard_ids", "auto_update_model")}
    readable = visitor.may("leaderboards:read")
    boards = [(one.id, one.name) for one in leaderboards.listed(visitor.workspace_id)] if readable else []
    return page(
        request,
        "model.html",
        visitor,
        status=status,
        model=found,
        versions=api.list_versions(visitor.principal, model_id, limit=20, offset=0),
        assigned=api.list_leaderboards_of_model(visitor.principal, model_id).leaderboards,
        trainings=fine_tuning.list_fine_tuning_runs(visitor.principal, model_id, limit=10, offset=0).runs,
        boards=boards,
        form=form | (typed or {}),
        training=training,
        faults=wrong or {},
    )
