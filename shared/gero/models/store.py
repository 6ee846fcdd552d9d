"""Models in the table: optimistic writes by revision, and the notes of which leaderboards compare a model."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from gero.kit import Conflict, NotFound, blobs, clock, conditions, log, new_id, table
from gero.kit.table import Write
from gero.models.recipe import Model
from gero.providers import directory, target

DELETED = "model_deleted"  # the partition of the index of due work in which the remains of deleted models wait
_SWEEP_SECONDS = 20
_LATE = timedelta(minutes=15)  # by then the traces of the last answers are stored too
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
    return _decode(_stored(workspace_id, model_id))


def listed(workspace_id: str) -> Iterator[Model]:
    """The workspace's models, newest first."""
    for item in table.query(f"WS#{workspace_id}", "MODEL#", newest_first=True):
        yield _decode(item)


def new(model: Model) -> list[Write]:
    """The writes that make a model; for a transaction."""
    return [Write(_item(model), condition=conditions.absent()), directory.add(model.workspace_id, _entry(model))]


def renamed(before: Model, after: Model) -> list[Write]:
    """The writes that make its new name known, when it has one; for the transaction that changes it."""
    return [] if before.name == after.name else directory.rename(after.workspace_id, _entry(after), before.name)


def changed(model: Model, **changes: Any) -> tuple[Model, Write]:
    """The model with changes, and the write that applies them unless somebody changed the model meanwhile."""
    after = replace(model, **changes, revision=model.revision + 1, updated_at=clock.iso())
    return after, Write(_item(after), condition=conditions.equals("revision", model.revision))


def exists_check(workspace_id: str, model_id: str) -> Write:
    """The write that makes a transaction fail (Conflict) when there is no such model any more; for whoever begins to
    use it. It leaves a mark, so that a deletion that is under way looks again who does.
    """
    mark = table.Changes(set={"used": new_id()})
    return Write(key=(f"WS#{workspace_id}", f"MODEL#{model_id}"), changes=mark, condition=conditions.present())


def link(workspace_id: str, model_id: str, leaderboard_id: str, candidate_id: str) -> Write:
    """The write that notes that a leaderboard's candidate is this model; for a transaction, with `exists_check`."""
    pk, sk = _link_key(workspace_id, model_id, leaderboard_id, candidate_id)
    return Write({"pk": pk, "sk": sk, "doc": msgspec.json.encode(Link(leaderboard_id, candidate_id)).decode()})


def unlink_write(workspace_id: str, model_id: str, leaderboard_id: str, candidate_id: str) -> Write:
    """The write that takes the note away; for a transaction."""
    return Write(key=_link_key(workspace_id, model_id, leaderboard_id, candidate_id))


def links(workspace_id: str, model_id: str) -> list[Link]:
    """The notes of a model. Those of deleted leaderboards stay: ask the leaderboards which are there."""
    found = table.query(partition(workspace_id, model_id), "LEADERBOARD#")
    return [msgspec.json.decode(item["doc"], type=Link) for item in found]


def delete(workspace_id: str, model_id: str, check: Callable[[Model], object] = lambda _: None) -> None:
    """Remove a model: it is gone, and answers nobody, at once. `sweep_deleted` removes what comes after it.

    `check` raises when the model must stay; it is asked again when somebody begins to use the model meanwhile.
    Conflict while it is being fine-tuned.
    """
    for _ in range(_TRIES):
        item = _stored(workspace_id, model_id)
        if table.get(*active_key(workspace_id, model_id), consistent=True):
            told = "a fine-tuning run is active; cancel it before you delete the model"
            raise Conflict(told, code="fine_tune_active")
        check(_decode(item))
        try:
            table.transact(_deletion(workspace_id, model_id, item))
        except Conflict:
            continue
        _sweep(workspace_id, model_id)
        return
    raise Conflict("the model is being changed by others; try again")


def sweep_deleted(limit: int = 10) -> int:
    """Remove what deleted models left behind; returns how many are swept. Harmless when repeated."""
    swept = 0
    for item in table.query_due(DELETED, clock.iso(), limit):
        try:
            if _sweep(item["pk"].removeprefix("WS#"), item["model_id"]):
                table.delete(item["pk"], item["sk"])
                swept += 1
        except Exception as error:  # noqa: BLE001  one model's trouble must not keep the others waiting
            log.failure("model.not_swept", error, model_id=item["model_id"])
    return swept


def active_key(workspace_id: str, model_id: str) -> tuple[str, str]:
    """The lock: one fine-tuning run of a model at a time."""
    return partition(workspace_id, model_id), "ACTIVE_FINE_TUNE"


def _stored(workspace_id: str, model_id: str) -> table.Item:
    item = table.get(f"WS#{workspace_id}", f"MODEL#{model_id}", consistent=True)
    if item is None:
        raise NotFound("no such Dr.Gero model in this workspace")
    return item


def _entry(model: Model) -> directory.Entry:
    return directory.Entry("model", model.id, model.name, model.created_at)


def _decode(item: table.Item) -> Model:
    return msgspec.json.decode(item["doc"], type=Model)


def _deletion(workspace_id: str, model_id: str, item: table.Item) -> list[Write]:
    """Delete the model that is stored as `item`, unless somebody changed it, or began to use it, meanwhile."""
    used = conditions.equals("used", item["used"]) if "used" in item else conditions.absent("used")
    left = {"pk": f"WS#{workspace_id}", "sk": f"DELETED_MODEL#{model_id}", "model_id": model_id}
    return [
        Write(key=(item["pk"], item["sk"]), condition=conditions.equals("revision", item["revision"]) & used),
        Write(key=target.model_key(workspace_id, model_id)),
        directory.remove(workspace_id, "model", model_id, _decode(item).name),
        Write(key=active_key(workspace_id, model_id), condition=conditions.absent()),
        Write(left | {"due_kind": DELETED, "due_at": clock.iso(clock.now() + _LATE)}),
    ]


def _sweep(workspace_id: str, model_id: str) -> bool:
    """Remove what is a model's, and its traces: those lie as a leaderboard's of its id would."""
    end = time.monotonic() + _SWEEP_SECONDS
    for one in (partition(workspace_id, model_id), target.key(workspace_id, model_id)[0]):
        if not table.delete_partition(one, end):
            return False
    for prefix in (f"{workspace_id}/models/{model_id}/", f"{workspace_id}/{model_id}/"):
        blobs.delete_all(prefix)
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
