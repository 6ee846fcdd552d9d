"""Models made and versions published as clients ask for them."""

from typing import Any

from msgspec.structs import replace

from gero.kit import Conflict, Invalid, clock, new_id, table
from gero.models import bases, examples, publishing, store
from gero.models.bodies import DrawnExamples, GivenExample, ModelInput, ModelPatch, VersionInput
from gero.models.recipe import Example, ExamplesFrom, Model, ModelVersion
from gero.providers import Endpoint

_TRIES = 5


def create(
    workspace_id: str, wanted: ModelInput, production: Endpoint | None = None, prompt: str | None = None
) -> Model:
    """A new model with its first version. Of creation_mode auto, `production` is what it is built on, and `prompt` the
    task of its leaderboard.
    """
    model_id, now = new_id(), clock.iso()
    model = Model(
        id=model_id,
        workspace_id=workspace_id,
        name=wanted.name,
        description=wanted.description,
        creation_mode=wanted.creation_mode,
        created_at=now,
        updated_at=now,
        leaderboard_ids=tuple(dict.fromkeys(wanted.leaderboard_ids)),
        auto_update_model=wanted.auto_update_model,
    )
    automatic = wanted.creation_mode == "auto"
    made = _automatic(model, production, prompt) if automatic else _from_fields(model, wanted)
    made = replace(made, parameters=wanted.parameters)
    tuned_first = wanted.creation_mode == "fine_tune"
    return publishing.first(model, made, deploy=wanted.deploy and not tuned_first)


def patch(workspace_id: str, model_id: str, wanted: ModelPatch) -> Model:
    """Change what the patch names. Conflict when its `revision` is not the current one; Invalid on null."""
    changes = {name: getattr(wanted, name) for name in wanted.model_fields_set - {"revision"}}
    for name, value in changes.items():
        if value is None:
            raise Invalid(f"{name}: cannot be null", field=name)
    if "leaderboard_ids" in changes:
        changes["leaderboard_ids"] = tuple(dict.fromkeys(changes["leaderboard_ids"]))
    for _ in range(_TRIES):
        model = store.get(workspace_id, model_id)
        if wanted.revision not in (None, model.revision):
            told = f"revision: the model is at {model.revision} by now; read it again"
            raise Conflict(told, code="stale_revision")
        try:
            return _patched(model, changes)
        except Conflict:
            continue
    raise Conflict("the model is being changed by others; try again")


def publish(workspace_id: str, model_id: str, wanted: VersionInput) -> ModelVersion:
    """Publish the latest version with what the body names changed."""
    named = wanted.model_fields_set
    chosen = _examples(workspace_id, wanted.examples)

    def make(latest: ModelVersion | None) -> ModelVersion:
        before = latest.base if latest else None
        base = bases.made(wanted.base, workspace_id, model_id, before) if wanted.base else before
        if base is None:
            raise Invalid("base: give the model to build on", field="base")
        made = latest or ModelVersion(0, "", "recipe", base)
        made = replace(made, source="recipe", base=base, note=wanted.note, fine_tune_run_id=None)
        if wanted.base:
            made = _as_trained(workspace_id, model_id, made)
        if "system_prompt" in named:
            made = replace(made, system_prompt=wanted.system_prompt)
        if "examples" in named:
            made = replace(made, examples=chosen[0], examples_from=chosen[1])
        if "parameters" in named:
            made = replace(made, parameters=wanted.parameters)
        return made

    return publishing.publish(workspace_id, model_id, make, deploy=wanted.deploy)


def _from_fields(model: Model, wanted: ModelInput) -> ModelVersion:
    assert wanted.base is not None
    chosen, drawn_from = _examples(model.workspace_id, wanted.examples)
    base = bases.made(wanted.base, model.workspace_id, model.id)
    if wanted.creation_mode == "fine_tune":
        bases.api_root(base)
        if not base.model:
            raise Invalid("base.model: name the model to fine-tune", field="base.model")
    return ModelVersion(
        0, "", "recipe", base, system_prompt=wanted.system_prompt, examples=chosen, examples_from=drawn_from
    )


def _automatic(model: Model, production: Endpoint | None, prompt: str | None) -> ModelVersion:
    if production is None:
        raise Conflict("leaderboard_ids: the first leaderboard has no production model yet; complete a run first")
    wanted = DrawnExamples(leaderboard_id=model.leaderboard_ids[0], count=examples.AUTO_COUNT)
    chosen, drawn_from = examples.drawn(model.workspace_id, wanted)
    base = bases.owned(production, model.workspace_id, model.id)
    return ModelVersion(0, "", "auto", base, examples=chosen, examples_from=drawn_from, prompt=prompt)


def _examples(
    workspace_id: str, wanted: DrawnExamples | list[GivenExample] | None
) -> tuple[tuple[Example, ...], ExamplesFrom | None]:
    if isinstance(wanted, DrawnExamples):
        return examples.drawn(workspace_id, wanted)
    return tuple(Example(one.input, one.output) for one in wanted or ()), None


def _as_trained(workspace_id: str, model_id: str, made: ModelVersion) -> ModelVersion:
    """A version over another base. One that was trained here stays so, with the prompt it was trained on; under one
    that was not, the task is as it was before the training.
    """
    tuned = publishing.trained(workspace_id, model_id, made.base.model) if made.base.model else None
    if tuned:
        return replace(made, trained_on=tuned.trained_on, prompt=tuned.prompt)
    if made.trained_on is None:
        return made
    plain = (one for one in publishing.versions(workspace_id, model_id) if one.trained_on is None)
    return replace(made, trained_on=None, prompt=next((one.prompt for one in plain), None))


def _patched(model: Model, changes: dict[str, Any]) -> Model:
    after, write = store.changed(model, **changes)
    writes = [write, *store.renamed(model, after)]
    if after.name != model.name and model.deployed_version is not None:
        deployed = publishing.version(model.workspace_id, model.id, model.deployed_version)
        writes.append(publishing.serving(after, deployed))
    table.transact(writes)
    return after
