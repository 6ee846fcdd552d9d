"""A run as stored, and the words for where it stands."""

import zlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal, TypedDict

import msgspec

from gero.datasets import Algorithm
from gero.kit import clock

Status = Literal["queued", "running", "paused", "reviewing", "completed", "failed", "cancelled"]
Source = Literal["manual", "schedule", "dataset_improvement"]
# `paused`: it has spent what it may, until somebody resumes it. `reviewing`: it waits for people's verdicts.
ACTIVE: tuple[Status, ...] = ("queued", "running", "paused", "reviewing")


class Options(TypedDict, total=False):
    """How a run is to be made, beside what its leaderboard says.

    At most `rows_limit` rows, chosen by `algorithm`, of the version `dataset_version` instead of the newest;
    `accepted_rows`: how many rows the leaderboard's dataset had ever accepted when the run was started. `fresh`: ask
    again what earlier runs have asked. `max_cost_nanos`: pause when that much is spent.
    """

    rows_limit: int | None
    algorithm: Algorithm
    dataset_version: int | None
    accepted_rows: int
    fresh: bool
    max_cost_nanos: int | None


class Run(msgspec.Struct, frozen=True):
    """One evaluation of a leaderboard's candidates. Times are ISO texts, money is nano-dollars; `Options` tells more.

    `cells_done`, `errors` and `cost_nanos` are noted when it ends; until then `progress` knows them. `ranking` and
    `decision` are documents of the ranking slice, `ranking` being interim until the run is completed. `outline` is what
    lists tell of it: they read no rankings. Runs of before have none.
    """

    id: str
    workspace_id: str
    leaderboard_id: str
    source: Source
    status: Status
    created_at: str
    rows_limit: int | None = None
    algorithm: Algorithm = "RANDOM_SHUFFLE"
    dataset_version: int | None = None
    accepted_rows: int = 0
    fresh: bool = False
    max_cost_nanos: int | None = None
    waits_for: str | None = None
    """Why it is paused."""
    epoch: int = 0
    """How many times it was resumed."""
    started_at: str | None = None
    finished_at: str | None = None
    dataset: dict[str, Any] | None = None
    cells_total: int = 0
    cells_done: int = 0
    errors: int = 0
    cost_nanos: int = 0
    ranking: dict[str, Any] | None = None
    outline: dict[str, Any] | None = None
    decision: dict[str, Any] | None = None
    error: str | None = None

    @property
    def active(self) -> bool:
        """Whether it has not ended."""
        return self.status in ACTIVE

    @property
    def planned(self) -> bool:
        """Whether it was planned, or may still be: its dataset was read and its models were asked."""
        return self.active or self.started_at is not None


class Progress(msgspec.Struct, frozen=True):
    """How far a run is, summed over its rounds. Money in nano-dollars."""

    cells_total: int = 0
    cells_done: int = 0
    errors: int = 0
    cost_nanos: int = 0


WATCH = "run"  # the partition of the index of due work in which active runs wait to be looked at
_WATCH_EVERY = timedelta(minutes=10)
_DOCUMENTS = ("dataset", "ranking", "outline", "decision")
LISTED = tuple(name for name in Run.__struct_fields__ if name != "ranking")
"""The attributes that a list of runs reads: the ranking of fifty models is as long as those of a hundred runs."""


def partition(workspace_id: str, leaderboard_id: str) -> str:
    """The partition of a leaderboard's runs."""
    return f"WS#{workspace_id}#LB#{leaderboard_id}"


def watched(*, at_once: bool = False) -> dict[str, str]:
    """The attributes of an active run that let it be looked at: in ten minutes, or `at_once`."""
    return {"due_kind": WATCH, "due_at": clock.iso(clock.now() + _WATCH_EVERY * (not at_once))}


def to_item(run: Run) -> dict[str, Any]:
    """The table item of a run: plain attributes for what conditions look at, JSON for documents."""
    fields = {name: getattr(run, name) for name in run.__struct_fields__}
    item = {name: value for name, value in fields.items() if value is not None}
    documents = {name: stored(name, item[name]) for name in _DOCUMENTS if name in item}
    return item | documents | {"pk": partition(run.workspace_id, run.leaderboard_id), "sk": f"RUN#{run.id}"}


def stored(name: str, document: Mapping[str, Any]) -> str | bytes:
    """A document as its attribute holds it: JSON, of the ranking compressed, as reads and writes are paid by size."""
    text = msgspec.json.encode(document)
    return zlib.compress(text) if name == "ranking" else text.decode()


def from_item(item: dict[str, Any]) -> Run:
    """The inverse of `to_item`."""
    fields = {name: item[name] for name in Run.__struct_fields__ if name in item}
    for name in _DOCUMENTS:
        if name in fields:
            found = fields[name]  # rankings of before are texts
            fields[name] = msgspec.json.decode(zlib.decompress(found) if isinstance(found, bytes) else found)
    return msgspec.convert(fields, Run)
