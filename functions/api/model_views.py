"""What the API shows of Dr.Gero models: nothing secret, dollars instead of nano-dollars."""

from typing import Any

import msgspec
from pydantic import BaseModel

from gero.kit import money, settings
from gero.models import FineTuneRun, Model, ModelVersion
from gero.providers import Endpoint


class BaseView(BaseModel):
    """The model that a version calls."""

    platform: str
    endpoint_url: str
    model: str | None
    provider: str | None
    quantization: str | None
    auth_method: str
    auth_header_name: str | None
    has_auth_token: bool
    integration: str | None
    parameters: dict[str, Any]
    input_cost_per_million_usd: float
    output_cost_per_million_usd: float
    timeout_seconds: int


class ExampleView(BaseModel):
    """A question and its right answer, and the dataset's row that it is, if it is one."""

    input: str
    output: str
    row_id: str | None


class ExamplesFromView(BaseModel):
    """Where examples were drawn."""

    leaderboard_id: str
    dataset_version: int
    count: int
    seed: int


class TrainingView(BaseModel):
    """What a fine-tuned model was trained on."""

    leaderboard_id: str
    dataset_version: int
    rows: int
    held_out: int


class VersionSummary(BaseModel):
    """A version, without its texts."""

    number: int
    created_at: str
    source: str
    deployed: bool
    base: BaseView
    parameters: dict[str, Any]
    examples_count: int
    examples_from: ExamplesFromView | None
    trained_on: TrainingView | None
    fine_tune_run_id: str | None
    note: str | None


class VersionView(VersionSummary):
    """A version of a model. `prompt`: the task that it is asked at its own address; null: the bare input."""

    system_prompt: str | None
    examples: list[ExampleView]
    prompt: str | None


class DrgeroModelView(BaseModel):
    """A Dr.Gero model; `revision` counts its changes."""

    id: str
    name: str
    description: str
    creation_mode: str
    leaderboard_ids: list[str]
    auto_update_model: bool
    continuous_self_learning: bool = False
    hypertuning_parameters: bool = False
    latest_version: int
    deployed_version: int | None
    revision: int
    created_at: str
    updated_at: str
    inference_url: str


class DrgeroModelDetailView(DrgeroModelView):
    """A Dr.Gero model with the version that is deployed, or the latest one while none is."""

    version: VersionView


class FineTuneRunView(BaseModel):
    """A fine-tuning run; `version` is what came of it."""

    id: str
    model_id: str
    status: str
    created_at: str
    updated_at: str
    finished_at: str | None
    leaderboard_id: str
    dataset_version: int
    rows: int
    held_out: int
    base_model: str
    suffix: str | None
    hyperparameters: dict[str, Any] | None
    job_id: str | None
    fine_tuned_model: str | None
    trained_tokens: int | None
    error: str | None
    version: int | None


def model(found: Model) -> DrgeroModelView:
    """The view of a model."""
    return DrgeroModelView(**_model(found))


def model_detail(found: Model, shown: ModelVersion) -> DrgeroModelDetailView:
    """The view of a model with a version."""
    return DrgeroModelDetailView(**_model(found), version=version(shown, found))


def summary(found: ModelVersion, of: Model) -> VersionSummary:
    """The view of a version of a model in a list."""
    return VersionSummary(**_version(found, of))


def version(found: ModelVersion, of: Model) -> VersionView:
    """The view of a version of a model."""
    examples = [ExampleView(input=one.input, output=one.output, row_id=one.row_id) for one in found.examples]
    return VersionView(**_version(found, of), system_prompt=found.system_prompt, examples=examples, prompt=found.prompt)


def fine_tune_run(found: FineTuneRun) -> FineTuneRunView:
    """The view of a fine-tuning run."""
    return FineTuneRunView(**{name: getattr(found, name) for name in FineTuneRunView.model_fields})


def _model(found: Model) -> dict[str, Any]:
    inference = settings.required("GERO_INFERENCE_URL").rstrip("/")
    stored = {name: getattr(found, name) for name in DrgeroModelView.model_fields if hasattr(found, name)}
    return stored | {"inference_url": f"{inference}/v1/models/{found.id}/inference"}


def _version(found: ModelVersion, of: Model) -> dict[str, Any]:
    drawn, trained = found.examples_from, found.trained_on
    return {
        "number": found.number,
        "created_at": found.created_at,
        "source": found.source,
        "deployed": found.number == of.deployed_version,
        "base": _base(found.base),
        "parameters": found.parameters,
        "examples_count": len(found.examples),
        "examples_from": msgspec.to_builtins(drawn) if drawn else None,
        "trained_on": msgspec.to_builtins(trained) if trained else None,
        "fine_tune_run_id": found.fine_tune_run_id,
        "note": found.note,
    }


def _base(found: Endpoint) -> BaseView:
    return BaseView(
        platform=found.platform,
        endpoint_url=found.url,
        model=found.model,
        provider=found.provider,
        quantization=found.quantization,
        auth_method=found.auth_method,
        auth_header_name=found.auth_header_name,
        has_auth_token=found.sealed_secret is not None,
        integration=found.integration,
        parameters=found.parameters,
        input_cost_per_million_usd=money.to_usd(found.input_nanos_per_million),
        output_cost_per_million_usd=money.to_usd(found.output_nanos_per_million),
        timeout_seconds=found.timeout_seconds,
    )
