"""Models: how clients say where one answers, and the team's own: recipes over a base endpoint, in versions."""

from gero.models import fine_tuning
from gero.models.bodies import DrawnExamples, FineTuneInput, ModelInput, ModelPatch, VersionInput
from gero.models.creation import create, patch, publish
from gero.models.endpoints import check_connected, endpoint_of
from gero.models.fine_tuning import sync_due
from gero.models.inputs import EndpointInput, Input, Platform
from gero.models.publishing import (
    deploy,
    deployed_endpoint,
    seen_rows,
    undeploy,
    version,
    versions,
)
from gero.models.recipe import Example, ExamplesFrom, Model, ModelVersion, Training
from gero.models.store import Link, delete, exists_check, get, link, links, listed, sweep_deleted, unlink_write
from gero.models.tuning_runs import FineTuneRun

__all__ = [
    "DrawnExamples",
    "EndpointInput",
    "Example",
    "ExamplesFrom",
    "FineTuneInput",
    "FineTuneRun",
    "Input",
    "Link",
    "Model",
    "ModelInput",
    "ModelPatch",
    "ModelVersion",
    "Platform",
    "Training",
    "VersionInput",
    "check_connected",
    "create",
    "delete",
    "deploy",
    "deployed_endpoint",
    "endpoint_of",
    "exists_check",
    "fine_tuning",
    "get",
    "link",
    "links",
    "listed",
    "patch",
    "publish",
    "seen_rows",
    "sweep_deleted",
    "sync_due",
    "undeploy",
    "unlink_write",
    "version",
    "versions",
]
