"""What clients send to the Models area."""

from typing import Annotated, Any, Literal, Self

import msgspec
from pydantic import AliasChoices, Discriminator, Field, StringConstraints, Tag, field_validator, model_validator

from gero.datasets import Algorithm
from gero.models.inputs import _MAX_PARAMETER_BYTES, _RESERVED_PARAMETERS, EndpointInput, Input
from gero.models.recipe import CreationMode

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Description = Annotated[str, StringConstraints(max_length=2000)]
Prompt = Annotated[str, StringConstraints(min_length=1, max_length=100_000)]
LeaderboardIds = Annotated[list[Annotated[str, StringConstraints(min_length=1, max_length=64)]], Field(max_length=20)]
_RECIPE_FIELDS = ("system_prompt", "examples")


class GivenExample(Input):
    """A question and its right answer."""

    input: str = Field(min_length=1, max_length=100_000)
    output: str = Field(min_length=1, max_length=100_000)


class DrawnExamples(Input):
    """Examples to draw from a leaderboard's dataset; the same seed draws the same rows of a version."""

    leaderboard_id: str = Field(min_length=1, max_length=64)
    dataset_version: int | None = Field(None, ge=1, description="Left out: the newest")
    count: int = Field(ge=1, le=50)
    seed: int = Field(0, ge=0, le=2**31)


Examples = Annotated[
    Annotated[DrawnExamples, Tag("drawn")] | Annotated[list[GivenExample], Tag("given"), Field(max_length=50)],
    Discriminator(lambda value: "given" if isinstance(value, list) else "drawn"),
]


class _Recipe(Input):
    """What a version is made of."""

    base: EndpointInput | None = Field(None, description="The model that is called; of any platform but drgero")
    system_prompt: Prompt | None = None
    examples: Examples | None = None
    parameters: dict[str, Any] = Field(default_factory=dict, description="Sent with every request, over the base's")

    @field_validator("base")
    @classmethod
    def _is_no_drgero_model(cls, base: EndpointInput | None) -> EndpointInput | None:
        if base and base.platform == "drgero":
            raise ValueError("platform: a Dr.Gero model is made over openrouter, custom or huggingface")
        return base

    @field_validator("parameters")
    @classmethod
    def _can_be_sent(cls, parameters: dict[str, Any]) -> dict[str, Any]:
        if len(msgspec.json.encode(parameters)) > _MAX_PARAMETER_BYTES:
            raise ValueError(f"at most {_MAX_PARAMETER_BYTES:,} bytes")
        reserved = _RESERVED_PARAMETERS & set(parameters)
        if reserved:
            raise ValueError(f"{', '.join(sorted(reserved))} cannot be set here")
        return parameters


class ModelInput(_Recipe):
    """The body that creates a model with its first version."""

    name: Name = Field(validation_alias=AliasChoices("name", "modelName", "model_name"))
    description: Description = ""
    creation_mode: CreationMode = Field(
        "recipe",
        description="recipe: from the fields here; auto: the first leaderboard's production model with 8 examples of "
        "its dataset; fine_tune: nothing is deployed until a fine-tuning run succeeds",
    )
    leaderboard_ids: LeaderboardIds = Field(default_factory=list, description="The leaderboards it is meant for")
    auto_update_model: bool = Field(True, description="Deploy new versions as they are published")
    continuous_self_learning: bool = Field(False, description="Only false is supported yet")
    hypertuning_parameters: bool = Field(False, description="Only false is supported yet")
    deploy: bool = Field(True, description="Deploy the first version; a model to be fine-tuned waits for its run")

    @field_validator("continuous_self_learning", "hypertuning_parameters")
    @classmethod
    def _is_off(cls, wanted: bool) -> bool:
        if wanted:
            raise ValueError("not supported yet; leave it out or set it to false")
        return wanted

    @model_validator(mode="after")
    def _fits_its_mode(self) -> Self:
        if self.creation_mode != "auto":
            if self.base is None:
                raise ValueError("base: give the model to build on, such as {platform, model}")
            return self
        if not self.leaderboard_ids:
            raise ValueError("leaderboard_ids: creation_mode auto needs a leaderboard whose production model to take")
        for name in ("base", *_RECIPE_FIELDS):
            if getattr(self, name):
                raise ValueError(f"{name}: creation_mode auto chooses it; leave it out or use creation_mode recipe")
        return self


class ModelPatch(Input):
    """The body that changes a model: any of the fields; with `revision`, only if nobody changed it meanwhile."""

    name: Name | None = Field(None, validation_alias=AliasChoices("name", "modelName", "model_name"))
    description: Description | None = None
    leaderboard_ids: LeaderboardIds | None = None
    auto_update_model: bool | None = None
    revision: int | None = None


class VersionInput(_Recipe):
    """The body that publishes a version. What it does not name is as in the latest version; null takes a prompt or
    examples away. The base's token may be left out while its address stays.
    """

    note: Annotated[str, StringConstraints(max_length=2000)] | None = None
    deploy: bool | None = Field(None, description="Left out: as auto_update_model says")


class DatasetLimit(Input):
    """How many rows, and which; `auto` lets Gero choose."""

    auto: bool = False
    rows: int | None = Field(None, ge=10, le=20_000)
    algorithm: Algorithm = "RANDOM_SHUFFLE"


class DatasetSize(Input):
    """The part of a dataset to use: all of it, or a limited number of rows."""

    mode: Literal["LIMIT", "ALL"] = "ALL"
    limit: DatasetLimit | None = None

    @model_validator(mode="after")
    def _says_how_many(self) -> Self:
        if self.mode == "ALL" and self.limit is not None:
            raise ValueError("limit: leave it out with mode ALL")
        if self.mode == "LIMIT" and (self.limit is None or (self.limit.rows is None) != self.limit.auto):
            raise ValueError("limit: mode LIMIT needs either rows, or auto true")
        return self


class FineTuneInput(Input):
    """The body that starts a fine-tuning run. Nothing of it is needed when the model has a leaderboard."""

    leaderboard_id: str | None = Field(None, min_length=1, max_length=64, description="Left out: the model's first")
    dataset_version: int | None = Field(None, ge=1, description="Left out: the newest")
    dataset_size: DatasetSize = DatasetSize()
    training_share: float = Field(0.8, gt=0, lt=1, description="Of the rows; the others stay for evaluation")
    base_model: str | None = Field(None, min_length=1, max_length=300, description="Left out: the latest version's")
    hyperparameters: dict[str, int | float | str] | None = Field(None, max_length=20)
    suffix: str | None = Field(None, pattern=r"^[A-Za-z0-9-]{1,64}$", description="A part of the new model's name")
