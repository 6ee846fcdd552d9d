"""Models in the table: optimistic writes by revision, and the notes of which leaderboards compare a model."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from gero.kit import Conflict, NotFound, blobs, clock, conditions, log, table
from gero.kit.table import Write
from gero.models.recipe import Model
from gero.providers import target

DELETED = "model_deleted"  # the partition of the index of due work in which the remains of deleted models wait
_SWEEP_SECONDS = 20
_TRIES = 5


class Link(msgspec.Struct, frozen=True):
    """A leaderboard compares the model, as this candidate; perhaps it did, and was deleted with all its candidates."""

    leaderboard_id: str
    candidate_id: str


def partition(workspace_id: str, model_id: str) -> str:
    """Where everything of a model lies but its own item."""
    return f"WS#{workspace_id}#MODEL#{model_id}"


def get(workspace_id: str, model_id: str) -> Model:
    """The model. NotFound when the workspace has none with that id."""
    item = table.get(f"WS#{workspace_id}", f"MODEL#{model_id}", consistent=True)
    if item is None:
        raise NotFound("no such Dr.Gero model in this workspace")
    return msgspec.json.decode(item["doc"], type=Model)


def listed(workspace_id: str) -> Iterator[Model]:
    """The workspace's models, newest first."""
    for item in table.query(f"WS#{workspace_id}", "MODEL#", newest_first=True):
        yield msgspec.json.decode(item["doc"], type=Model)


def new(model: Model) -> Write:
    """The write that makes a model; for a transaction."""
    return Write(_item(model), condition=conditions.absent())


def changed(model: Model, **changes: Any) -> tuple[Model, Write]:
    """The model with changes, and the write that applies them unless somebody changed the model meanwhile."""
    after = replace(model, **changes, revision=model.revision + 1, updated_at=clock.iso())
    return after, Write(_item(after), condition=conditions.equals("revision", model.revision))


def update(workspace_id: str, model_id: str, change: Callable[[Model], dict[str, Any]]) -> Model:
    """Apply the changes that `change` names; again to the newer model when somebody else was faster."""
    for _ in range(_TRIES):
        current = get(workspace_id, model_id)
        after, write = changed(current, **change(current))
        try:
            table.transact([write])
        except Conflict:
            continue
        return after
    raise Conflict("the model is being changed by others; try again")


def link(workspace_id: str, model_id: str, leaderboard_id: str, candidate_id: str) -> Write:
    """The write that notes that a leaderboard's candidate is this model; for a transaction."""
    pk, sk = _link_key(workspace_id, model_id, leaderboard_id, candidate_id)
    return Write({"pk": pk, "sk": sk, "doc": msgspec.json.encode(Link(leaderboard_id, candidate_id)).decode()})


def unlink(workspace_id: str, model_id: str, leaderboard_id: str, candidate_id: str) -> None:
    """Take the note away."""
    table.delete(*_link_key(workspace_id, model_id, leaderboard_id, candidate_id))


def links(workspace_id: str, model_id: str) -> list[Link]:
    """The notes of a model. Those of deleted leaderboards stay: ask the leaderboards which are there."""
    found = table.query(partition(workspace_id, model_id), "LEADERBOARD#")
    return [msgspec.json.decode(item["doc"], type=Link) for item in found]


def delete(workspace_id: str, model_id: str) -> None:
    """Remove a model: it is gone, and answers nobody, at once. What this has no time for, `sweep_deleted` removes.

    Conflict while it is being fine-tuned.
    """
    model = get(workspace_id, model_id)
    busy = Conflict("a fine-tuning run is active; cancel it before you delete the model", code="fine_tune_active")
    if table.get(*active_key(workspace_id, model_id), consistent=True):
        raise busy
    left = {"pk": f"WS#{workspace_id}", "sk": f"DELETED_MODEL#{model_id}", "model_id": model_id}
    try:
        table.transact(
            [
                Write(key=(f"WS#{workspace_id}", f"MODEL#{model.id}")),
                Write(key=target.model_key(workspace_id, model_id)),
                Write(key=active_key(workspace_id, model_id), condition=conditions.absent()),
                Write(left | {"due_kind": DELETED, "due_at": clock.iso()}),
            ]
        )
    except Conflict as error:
        raise busy from error
    _sweep(workspace_id, model_id)


def sweep_deleted(limit: int = 10) -> int:
    """Remove what deleted models left behind; returns how many are swept. Harmless when repeated."""
    swept = 0
    for item in table.query_due(DELETED, clock.iso(), limit):
        try:
            swept += _sweep(item["pk"].removeprefix("WS#"), item["model_id"])
        except Exception as error:  # noqa: BLE001  one model's trouble must not keep the others waiting
            log.failure("model.not_swept", error, model_id=item["model_id"])
    return swept


def active_key(workspace_id: str, model_id: str) -> tuple[str, str]:
    """The lock: one fine-tuning run of a model at a time."""
    return partition(workspace_id, model_id), "ACTIVE_FINE_TUNE"


def _sweep(workspace_id: str, model_id: str) -> bool:
    if not table.delete_partition(partition(workspace_id, model_id), time.monotonic() + _SWEEP_SECONDS):
        return False
    blobs.delete_all(f"{workspace_id}/models/{model_id}/")
    table.delete(f"WS#{workspace_id}", f"DELETED_MODEL#{model_id}")
    return True


def _link_key(workspace_id: str, model_id: str, leaderboard_id: str, candidate_id: str) -> tuple[str, str]:
    return partition(workspace_id, model_id), f"LEADERBOARD#{leaderboard_id}#{candidate_id}"


def _item(model: Model) -> table.Item:
    return {
        "pk": f"WS#{model.workspace_id}",
        "sk": f"MODEL#{model.id}",
        "revision": model.revision,
        "doc": msgspec.json.encode(model).decode(),
    }
