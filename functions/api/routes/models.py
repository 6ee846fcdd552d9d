"""Dr.Gero models: recipes over a base model, in versions, one of which answers."""

from typing import Annotated

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, Field

from functions.api import model_views as views
from functions.api.caller import SCHEMES, Limit, ModelReader, ModelWriter, Offset
from functions.api.model_views import DrgeroModelDetailView, DrgeroModelView, VersionSummary, VersionView
from gero import leaderboards, models
from gero.access import Principal
from gero.kit import Conflict, Invalid, NotFound
from gero.leaderboards import Leaderboard
from gero.models import Input, Model, ModelInput, ModelPatch, ModelVersion, VersionInput
from gero.providers import Endpoint

router = APIRouter(prefix="/api/models", tags=["Dr.Gero models"], dependencies=SCHEMES)


class DrgeroModelList(BaseModel):
    """A page of Dr.Gero models, newest first."""

    models: list[DrgeroModelView]
    count: int
    total: int
    limit: int
    offset: int


class VersionList(BaseModel):
    """A page of a model's versions, newest first; read one to see its prompt and examples."""

    versions: list[VersionSummary]
    count: int
    total: int
    limit: int
    offset: int


class DeployInput(Input):
    """Which version to deploy."""

    version: int | None = Field(None, ge=1, description="Left out: the latest")


class AssignedLeaderboard(BaseModel):
    """A leaderboard that the model is meant for, or that compares it, as the candidate `candidate_id`."""

    leaderboard_id: str
    name: str
    candidate_id: str | None
    in_production: bool


class AssignedList(BaseModel):
    """The leaderboards of a model."""

    leaderboards: list[AssignedLeaderboard]
    count: int


@router.get("")
def list_models(caller: ModelReader, limit: Limit = 50, offset: Offset = 0) -> DrgeroModelList:
    """The workspace's Dr.Gero models, newest first."""
    found = list(models.listed(caller.workspace_id))
    page = [views.model(one) for one in found[offset : offset + limit]]
    return DrgeroModelList(models=page, count=len(page), total=len(found), limit=limit, offset=offset)


@router.post("", status_code=201)
def create_model(caller: ModelWriter, wanted: ModelInput) -> DrgeroModelDetailView:
    """Make a model with its first version. Examples of a dataset also need the scope leaderboards:read."""
    reads_rows = wanted.creation_mode == "auto" or isinstance(wanted.examples, models.DrawnExamples)
    _check_leaderboards(caller, wanted.leaderboard_ids, reads_rows)
    if isinstance(wanted.examples, models.DrawnExamples):
        leaderboards.get(caller.workspace_id, wanted.examples.leaderboard_id)
    if wanted.creation_mode != "auto":
        return _detail(models.create(caller.workspace_id, wanted))
    board = leaderboards.get(caller.workspace_id, wanted.leaderboard_ids[0])
    return _detail(models.create(caller.workspace_id, wanted, _production(board), board.system_prompt))


@router.get("/{model_id}")
def read_model(caller: ModelReader, model_id: str) -> DrgeroModelDetailView:
    """One model, with the version that is deployed, or the latest one while none is."""
    return _detail(models.get(caller.workspace_id, model_id))


@router.patch("/{model_id}")
def change_model(caller: ModelWriter, model_id: str, wanted: ModelPatch) -> DrgeroModelDetailView:
    """Change the fields that the body names. What it answers changes by publishing versions."""
    models.get(caller.workspace_id, model_id)
    _check_leaderboards(caller, wanted.leaderboard_ids or [], reads_rows=False)
    return _detail(models.patch(caller.workspace_id, model_id, wanted))


@router.delete("/{model_id}", status_code=204)
def delete_model(caller: ModelWriter, model_id: str) -> Response:
    """Delete a model with its versions. Refused while a leaderboard compares it, or it is being fine-tuned."""
    models.delete(caller.workspace_id, model_id, _check_unused)
    return Response(status_code=204)


@router.get("/{model_id}/leaderboards")
def list_leaderboards_of_model(caller: ModelReader, model_id: str) -> AssignedList:
    """The leaderboards that the model is meant for, and those that compare it."""
    found = _assigned(models.get(caller.workspace_id, model_id))
    return AssignedList(leaderboards=found, count=len(found))


@router.get("/{model_id}/versions")
def list_versions(caller: ModelReader, model_id: str, limit: Limit = 20, offset: Offset = 0) -> VersionList:
    """The model's versions, newest first."""
    model = models.get(caller.workspace_id, model_id)
    found = list(models.versions(caller.workspace_id, model_id, limit + offset))[offset:]
    page = [views.summary(one, model) for one in found]
    return VersionList(versions=page, count=len(page), total=model.latest_version, limit=limit, offset=offset)


@router.post("/{model_id}/versions", status_code=201)
def publish_version(caller: ModelWriter, model_id: str, wanted: VersionInput) -> VersionView:
    """Publish a version: the latest one with what the body names changed. It is immutable from then on."""
    models.get(caller.workspace_id, model_id)
    if isinstance(wanted.examples, models.DrawnExamples):
        caller.require("leaderboards:read")
        leaderboards.get(caller.workspace_id, wanted.examples.leaderboard_id)
    made = models.publish(caller.workspace_id, model_id, wanted)
    return views.version(made, models.get(caller.workspace_id, model_id))


@router.get("/{model_id}/versions/{number}")
def read_version(caller: ModelReader, model_id: str, number: int) -> VersionView:
    """One version, with its prompt and its examples."""
    model = models.get(caller.workspace_id, model_id)
    return views.version(models.version(caller.workspace_id, model_id, number), model)


@router.post("/{model_id}/deploy")
def deploy_model(
    caller: ModelWriter, model_id: str, wanted: Annotated[DeployInput | None, Body()] = None
) -> DrgeroModelDetailView:
    """Let a version answer. A leaderboard's production stays as its latest run evaluated it."""
    return _detail(models.deploy(caller.workspace_id, model_id, wanted.version if wanted else None))


@router.post("/{model_id}/undeploy")
def undeploy_model(caller: ModelWriter, model_id: str) -> DrgeroModelDetailView:
    """Let no version answer."""
    return _detail(models.undeploy(caller.workspace_id, model_id))


def _detail(model: Model) -> DrgeroModelDetailView:
    return views.model_detail(model, _current(model))


def _current(model: Model) -> ModelVersion:
    return models.version(model.workspace_id, model.id, model.deployed_version or model.latest_version)


def _check_leaderboards(caller: Principal, leaderboard_ids: list[str], reads_rows: bool) -> None:
    if reads_rows:
        caller.require("leaderboards:read")
    for leaderboard_id in leaderboard_ids:
        try:
            leaderboards.get(caller.workspace_id, leaderboard_id)
        except NotFound as error:
            told = f"leaderboard_ids: no leaderboard {leaderboard_id!r} in this workspace"
            raise Invalid(told, field="leaderboard_ids") from error


def _check_unused(model: Model) -> None:
    """Conflict when leaderboards compare the model."""
    used = [one for one in _assigned(model) if one.candidate_id]
    if used:
        names = ", ".join(sorted({repr(one.name) for one in used}))
        raise Conflict(
            f"leaderboards compare this model: {names}; remove it from them first",
            code="model_in_use",
            leaderboard_ids=sorted({one.leaderboard_id for one in used}),
        )


def _production(board: Leaderboard) -> Endpoint:
    """What serves a leaderboard. Conflict when nothing does, or a Dr.Gero model."""
    if board.production is None:
        raise Conflict(
            f"leaderboard_ids: {board.name!r} has no production model yet; complete a run first", code="no_production"
        )
    candidate = leaderboards.candidates.get(board.workspace_id, board.id, board.production.model_id)
    if candidate.endpoint is None:
        raise Conflict(
            f"leaderboard_ids: the production model of {board.name!r} is a Dr.Gero model itself; publish a version of "
            "that one",
            code="production_is_drgero",
        )
    return candidate.endpoint


def _assigned(model: Model) -> list[AssignedLeaderboard]:
    """The leaderboards there are; notes of deleted ones are left out."""
    places: list[tuple[str, str | None]] = [
        (link.leaderboard_id, link.candidate_id) for link in models.links(model.workspace_id, model.id)
    ]
    compared = {leaderboard_id for leaderboard_id, _ in places}
    places += [(one, None) for one in model.leaderboard_ids if one not in compared]
    found = []
    for leaderboard_id, candidate_id in places:
        try:
            board = leaderboards.get(model.workspace_id, leaderboard_id)
        except NotFound:
            continue
        serving = board.production is not None and board.production.model_id == candidate_id
        found.append(
            AssignedLeaderboard(
                leaderboard_id=board.id, name=board.name, candidate_id=candidate_id, in_production=serving
            )
        )
    return found
