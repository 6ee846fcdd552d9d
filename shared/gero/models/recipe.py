"""A Dr.Gero model: a recipe over a base endpoint, in immutable versions.

The recipe is a system prompt and examples in front of the question, and parameters. Examples are raw inputs and
outputs, not rendered with a leaderboard's prompt: that may be a hundred times as long, and comes with the question.
"""

from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from gero import datasets
from gero.kit import Invalid, TooLarge
from gero.providers import Endpoint

CreationMode = Literal["recipe", "auto", "fine_tune"]
Source = Literal["recipe", "auto", "fine_tune"]
MAX_RECIPE_BYTES, MAX_PROMPT_BYTES = 180_000, 200_000
"""As JSON, of what a version sends with every question, and of the prompt that goes with it, a leaderboard's or its
own: what inference reads is one item of the table, at most 400 KB, which holds both and the base's endpoint.
"""


class Example(msgspec.Struct, frozen=True, omit_defaults=True):
    """A question and its right answer, shown to the model before the real question."""

    input: str
    output: str
    row_id: str | None = None
    """The dataset's row that it was taken from."""


class ExamplesFrom(msgspec.Struct, frozen=True):
    """Where examples were drawn: the same choice again gives the same rows."""

    leaderboard_id: str
    dataset_version: int
    count: int
    seed: int


class Training(msgspec.Struct, frozen=True):
    """What a fine-tuned model was trained on. `digests_key`: the S3 object with the digests of every row it has seen,
    those of earlier trainings included.
    """

    leaderboard_id: str
    dataset_version: int
    rows: int
    held_out: int
    digests_key: str


class ModelVersion(msgspec.Struct, frozen=True, omit_defaults=True):
    """One version of a model, as it was published."""

    number: int
    created_at: str
    source: Source
    base: Endpoint
    system_prompt: str | None = None
    examples: tuple[Example, ...] = ()
    examples_from: ExamplesFrom | None = None
    parameters: dict[str, Any] = {}
    trained_on: Training | None = None
    fine_tune_run_id: str | None = None
    note: str | None = None
    prompt: str | None = None
    """The task, as a leaderboard puts it: what the version is asked at its own address. None: the bare input."""


class Model(msgspec.Struct, frozen=True, omit_defaults=True):
    """A model as stored. `revision` counts its changes; `latest_version` is 0 before the first one is published."""

    id: str
    workspace_id: str
    name: str
    creation_mode: CreationMode
    created_at: str
    updated_at: str
    description: str = ""
    leaderboard_ids: tuple[str, ...] = ()
    auto_update_model: bool = True
    latest_version: int = 0
    deployed_version: int | None = None
    revision: int = 1


def endpoint_of(version: ModelVersion) -> Endpoint:
    """How a version is called: its base with the recipe in front of the question."""
    return replace(
        version.base,
        preamble=tuple(_preamble(version)),
        parameters={**version.base.parameters, **version.parameters},
        version=version.number,
    )


def check(version: ModelVersion) -> None:
    """Invalid, or TooLarge, when a version cannot be called as it is described."""
    endpoint = endpoint_of(version)
    size = len(msgspec.json.encode((endpoint.preamble, endpoint.parameters)))
    if size > MAX_RECIPE_BYTES:
        raise TooLarge(
            f"examples: system prompt, examples and parameters take {size:,} bytes together; at most "
            f"{MAX_RECIPE_BYTES:,} fit: take fewer or shorter examples",
            field="examples",
        )
    if len(msgspec.json.encode(version.prompt)) > MAX_PROMPT_BYTES:
        raise TooLarge(
            f"prompt: the leaderboard's prompt takes more than {MAX_PROMPT_BYTES:,} bytes as JSON; shorten it",
            field="prompt",
        )
    if version.source == "fine_tune" and not version.base.model:
        raise Invalid("base.model: a fine-tuned version needs the model's name", field="base.model")


def example_digests(version: ModelVersion) -> set[bytes]:
    """The digests of the inputs that are shown as examples."""
    return {datasets.input_digest(example.input) for example in version.examples}


def _preamble(version: ModelVersion) -> Iterator[dict[str, Any]]:
    if version.system_prompt:
        yield {"role": "system", "content": version.system_prompt}
    for example in version.examples:
        yield {"role": "user", "content": example.input}
        yield {"role": "assistant", "content": example.output}
