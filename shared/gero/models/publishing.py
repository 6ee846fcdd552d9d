"""Versions of a model: immutable, numbered from 1. One of them is deployed: it answers inference and is compared."""

from collections.abc import Callable, Iterator, Sequence

import msgspec
from msgspec.structs import replace

from gero.kit import Conflict, NotFound, blobs, clock, conditions, new_id, table
from gero.kit.table import Write
from gero.models import recipe, store
from gero.models.recipe import Model, ModelVersion
from gero.providers import Endpoint, target
from gero.providers.target import Target

_MAX_ITEM_BYTES = 100_000  # longer ones lie in S3
_DIGEST_BYTES = 8
_TRIES = 5
_BARE = "{input}"
# From the latest version (None before the first) to the next one; its number and time are set by `publish`.
Maker = Callable[[ModelVersion | None], ModelVersion]


def publish(
    workspace_id: str,
    model_id: str,
    make: Maker,
    *,
    deploy: bool | None = None,
    also: Callable[[ModelVersion], Sequence[Write]] = lambda _: (),
) -> ModelVersion:
    """Publish what `make` gives as the next version, with the writes of `also`, all or nothing.

    `deploy`: whether it is deployed; left out, the first version is, and others when the model updates itself. Asks
    `make` again, about a newer version, when somebody else was faster.
    """
    for _ in range(_TRIES):
        model = store.get(workspace_id, model_id)
        latest = version(workspace_id, model_id, model.latest_version) if model.latest_version else None
        made = replace(make(latest), number=model.latest_version + 1, created_at=clock.iso())
        deployed = (model.auto_update_model or latest is None) if deploy is None else deploy
        after, write = store.changed(
            model,
            latest_version=made.number,
            deployed_version=made.number if deployed else model.deployed_version,
        )
        item = _item(model, made)
        pointed = [serving(after, made)] if deployed else []
        try:
            table.transact([Write(item, condition=conditions.absent()), write, *pointed, *also(made)])
        except Conflict:
            _forget(item)
            continue
        return made
    raise Conflict("the model is being changed by others; try again")


def first(model: Model, made: ModelVersion, *, deploy: bool) -> Model:
    """Store a new model with its first version."""
    after = replace(model, latest_version=1, deployed_version=1 if deploy else None)
    made = replace(made, number=1, created_at=model.created_at)
    table.transact([*store.new(after), Write(_item(after, made)), serving(after, made if deploy else None)])
    return after


def version(workspace_id: str, model_id: str, number: int) -> ModelVersion:
    """The version with that number. NotFound when there is none."""
    item = table.get(store.partition(workspace_id, model_id), _sort_key(number), consistent=True)
    if item is None:
        raise NotFound(f"this model has no version {number}")
    return _decode(item)


def versions(workspace_id: str, model_id: str, limit: int | None = None) -> Iterator[ModelVersion]:
    """The versions, newest first."""
    found = table.query(store.partition(workspace_id, model_id), "VERSION#", newest_first=True, limit=limit)
    return map(_decode, found)


def deploy(workspace_id: str, model_id: str, number: int | None = None) -> Model:
    """Let a version answer (left out: the latest). NotFound when there is none with that number."""
    for _ in range(_TRIES):
        model = store.get(workspace_id, model_id)
        wanted = version(workspace_id, model_id, number or model.latest_version)
        after, write = store.changed(model, deployed_version=wanted.number)
        try:
            table.transact([write, serving(after, wanted)])
        except Conflict:
            continue
        return after
    raise Conflict("the model is being changed by others; try again")


def undeploy(workspace_id: str, model_id: str) -> Model:
    """Let no version answer. Nothing happens when none does."""
    for _ in range(_TRIES):
        model = store.get(workspace_id, model_id)
        if model.deployed_version is None:
            return model
        after, write = store.changed(model, deployed_version=None)
        try:
            table.transact([write, serving(after, None)])
        except Conflict:
            continue
        return after
    raise Conflict("the model is being changed by others; try again")


def deployed_endpoint(workspace_id: str, model_id: str) -> Endpoint:
    """How the deployed version is called. Conflict when none is; NotFound when there is no such model."""
    model = store.get(workspace_id, model_id)
    if model.deployed_version is None:
        raise Conflict(
            f"the model {model.name!r} is not deployed; deploy a version of it with POST /api/models/{model_id}/deploy",
            code="model_not_deployed",
            model_id=model_id,
        )
    return recipe.endpoint_of(version(workspace_id, model_id, model.deployed_version))


def seen_rows(workspace_id: str, model_id: str, number: int) -> set[bytes]:
    """Digests (`datasets.input_digest`) of the inputs that a version has seen: as examples, or when it was trained.

    To measure a model on them says nothing about it.
    """
    found = version(workspace_id, model_id, number)
    return recipe.example_digests(found) | trained_rows(found)


def trained(workspace_id: str, model_id: str, base_model: str) -> ModelVersion | None:
    """The newest version over a base that was trained here and has this name, wherever that is called now."""
    return next(
        (one for one in versions(workspace_id, model_id) if one.trained_on and one.base.model == base_model), None
    )


def trained_rows(found: ModelVersion) -> set[bytes]:
    """Digests of the inputs that the version's base was trained on."""
    stored = blobs.get(found.trained_on.digests_key) if found.trained_on else None
    if found.trained_on and stored is None:
        raise NotFound(f"the list of rows that version {found.number} was trained on is gone")
    packed = stored or b""
    return {packed[start : start + _DIGEST_BYTES] for start in range(0, len(packed), _DIGEST_BYTES)}


def serving(model: Model, deployed: ModelVersion | None) -> Write:
    """The write that points inference to a version, or to none; for a transaction."""
    served = None
    if deployed:
        served = Target(model.id, model.name, deployed.prompt or _BARE, recipe.endpoint_of(deployed))
    return Write(target.item(target.model_key(model.workspace_id, model.id), served))


def _item(model: Model, made: ModelVersion) -> table.Item:
    recipe.check(made)
    item = {"pk": store.partition(model.workspace_id, model.id), "sk": _sort_key(made.number)}
    document = msgspec.json.encode(made)
    if len(document) <= _MAX_ITEM_BYTES:
        return item | {"doc": document.decode()}
    # A name of its own, so that whoever publishes the same number meanwhile does not overwrite it.
    key = f"{model.workspace_id}/models/{model.id}/versions/{made.number:06}-{new_id()}.json"
    blobs.put(key, document, "application/json")
    return item | {"blob": key}


def _forget(item: table.Item) -> None:
    if "blob" in item:
        blobs.delete_many([item["blob"]])


def _decode(item: table.Item) -> ModelVersion:
    document = item.get("doc") or blobs.get(item["blob"])
    if document is None:
        raise NotFound("the content of this version is gone")
    return msgspec.json.decode(document, type=ModelVersion)


def _sort_key(number: int) -> str:
    return f"VERSION#{number:06}"
