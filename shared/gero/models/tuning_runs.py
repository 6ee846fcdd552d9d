"""Fine-tuning runs in the table: one open run a model, found again by the index of due work until it has ended."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from gero.kit import Conflict, NotFound, clock, conditions, table
from gero.kit.table import Write
from gero.models import store

DUE = "fine_tune"  # the partition of the index of due work in which open runs wait to be looked at
LOOK_EVERY = timedelta(minutes=5)
ENDED = frozenset({"succeeded", "failed", "cancelled"})


class FineTuneRun(msgspec.Struct, frozen=True, omit_defaults=True):
    """A fine-tuning run as stored. `root`: address of the API that trains; `prompt_key`: the S3 object with the
    leaderboard's prompt that it trains on; `version`: what came of it.
    """

    id: str
    workspace_id: str
    model_id: str
    status: str
    created_at: str
    updated_at: str
    root: str
    base_model: str
    from_version: int
    leaderboard_id: str
    dataset_version: int
    rows: int
    held_out: int
    digests_key: str
    prompt_key: str | None = None
    suffix: str | None = None
    hyperparameters: dict[str, Any] | None = None
    file_id: str | None = None
    job_id: str | None = None
    fine_tuned_model: str | None = None
    trained_tokens: int | None = None
    error: str | None = None
    finished_at: str | None = None
    version: int | None = None
    revision: int = 1

    @property
    def open(self) -> bool:
        """Whether it has not ended."""
        return self.status not in ENDED


def begin(run: FineTuneRun) -> None:
    """Store a new run. Conflict when another one of the model is open."""
    pk, sk = store.active_key(run.workspace_id, run.model_id)
    try:
        table.transact(
            [
                Write(_item(run), condition=conditions.absent()),
                Write({"pk": pk, "sk": sk, "run_id": run.id}, condition=conditions.absent()),
                # A model that is deleted meanwhile has no run that goes on without it.
                store.exists_check(run.workspace_id, run.model_id),
            ]
        )
    except Conflict as error:
        raise Conflict(
            "a fine-tuning run of this model is active; wait for it or cancel it first", code="fine_tune_active"
        ) from error


def get(workspace_id: str, model_id: str, run_id: str) -> FineTuneRun:
    """The run. NotFound when the model has none with that id."""
    item = table.get(store.partition(workspace_id, model_id), f"FINE_TUNE#{run_id}", consistent=True)
    if item is None:
        raise NotFound("no such fine-tuning run of this model")
    return msgspec.json.decode(item["doc"], type=FineTuneRun)


def listed(workspace_id: str, model_id: str, limit: int | None = None) -> Iterator[FineTuneRun]:
    """The model's runs, newest first."""
    for item in table.query(store.partition(workspace_id, model_id), "FINE_TUNE#", newest_first=True, limit=limit):
        yield msgspec.json.decode(item["doc"], type=FineTuneRun)


def changed(run: FineTuneRun, **changes: Any) -> tuple[FineTuneRun, list[Write]]:
    """The run with changes, and the writes that apply them unless somebody changed it meanwhile; a run that ends
    makes way for the next.
    """
    after = replace(run, **changes, revision=run.revision + 1, updated_at=clock.iso())
    if not after.open:
        after = replace(after, finished_at=after.updated_at)
    writes = [Write(_item(after), condition=conditions.equals("revision", run.revision))]
    if not after.open:
        writes.append(Write(key=store.active_key(run.workspace_id, run.model_id)))
    return after, writes


def save(run: FineTuneRun, **changes: Any) -> FineTuneRun:
    """Apply changes; the run as it is now when somebody else was faster."""
    after, writes = changed(run, **changes)
    try:
        table.transact(writes)
    except Conflict:
        return get(run.workspace_id, run.model_id, run.id)
    return after


def claim_due(limit: int) -> Iterator[FineTuneRun]:
    """Open runs whose time to be looked at has come; each time is given to one caller only."""
    for item in table.query_due(DUE, clock.iso(), limit):
        later = table.Changes(set={"due_at": clock.iso(clock.now() + LOOK_EVERY)})
        try:
            claimed = table.update(item["pk"], item["sk"], later, conditions.equals("due_at", item["due_at"]))
        except Conflict:
            continue
        yield msgspec.json.decode(claimed["doc"], type=FineTuneRun)


def _item(run: FineTuneRun) -> table.Item:
    due = {"due_kind": DUE, "due_at": clock.iso(clock.now() + LOOK_EVERY)} if run.open else {}
    return {
        "pk": store.partition(run.workspace_id, run.model_id),
        "sk": f"FINE_TUNE#{run.id}",
        "revision": run.revision,
        "doc": msgspec.json.encode(run).decode(),
        **due,
    }
